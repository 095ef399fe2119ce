package main

import (
	"io"
	"mime"
	"net/http"
)

// What a disk is sent as; what a real host answers to another type is not known to us, that it does not take it is.
const streamType = "application/x-vnd.vmware-streamVmdk"

// Why a host does not take an upload, before a byte of it is read; an empty reason when it does.
func refusedUpload(r *http.Request, lent *lease, d *disk) (status int, reason string) {
	if lent.images != nil {
		return http.StatusMethodNotAllowed, "the lease is of an export"
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-vnd.vmware-streamvmdk" {
		return http.StatusUnsupportedMediaType, "disks are taken as " + streamType
	}
	if r.Header.Get("Content-Range") != "" {
		return http.StatusBadRequest, "disks are taken whole"
	}
	if d == nil {
		return http.StatusNotFound, "the lease has no such disk"
	}
	return 0, ""
}

// Clients that are still sending would miss an answer that comes before the end of what they send.
func refuseUpload(w http.ResponseWriter, r *http.Request, status int, reason string) {
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 64<<20))
	http.Error(w, reason, status)
}
