package main

import (
	"net/http"
	"os"
	"strings"
)

// Stands before the files of datastores and leases: the stock simulator gives them to anybody, at any time, whole.
func (c *center) guardFiles(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isFolder := strings.HasPrefix(r.URL.Path, "/folder")
		if !isFolder && !strings.HasPrefix(r.URL.Path, "/nfc/") {
			next.ServeHTTP(w, r)
			return
		}
		if c.transfers.isUnavailable() {
			http.Error(w, "too many connections", http.StatusServiceUnavailable)
			return
		}
		if isHost(r) && showsSession(r) {
			http.Error(w, "the session of a vCenter was shown to a host", http.StatusBadRequest)
			return
		}
		if isFolder && !isHost(r) && (c.refusesFolders() || c.lacksFilePrivilege()) {
			http.Error(w, "no right to the files of the datastore", http.StatusForbidden)
			return
		}
		if !c.isGranted(next, r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="VMware HTTP server"`)
			http.Error(w, "not logged in", http.StatusUnauthorized)
			return
		}
		w = c.transfers.limit(w)
		if isFolder {
			c.serveFolder(next, w, r)
			return
		}
		c.serveNfc(next, w, r)
	})
}

// The account in the request itself, as a host takes it too.
func (c *center) isAllowed(r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	return ok && user == c.user && password == c.password
}

func (c *center) serveFolder(next http.Handler, w http.ResponseWriter, r *http.Request) {
	path, ok := c.fileOf("[" + r.URL.Query().Get("dsName") + "] " + strings.TrimPrefix(r.URL.Path, "/folder/"))
	if !ok || c.isObject(r) {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodHead && c.isLocked(path) {
		http.Error(w, "the file is locked", http.StatusInternalServerError)
		return
	}
	switch r.Method {
	case http.MethodPut, http.MethodPost:
		if r.Header.Get("Content-Range") != "" {
			http.Error(w, "files are written whole", http.StatusBadRequest)
			return
		}
		if c.isFull() {
			http.Error(w, "no space left on the datastore", http.StatusInsufficientStorage)
			return
		}
	case http.MethodDelete:
		if err := os.Remove(path); err != nil {
			http.NotFound(w, r)
			return
		}
		w.WriteHeader(http.StatusNoContent)
		return
	}
	next.ServeHTTP(w, r)
}

func (c *center) refusesFolders() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.settings.foldersRefused
}

func (c *center) isFull() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.settings.full
}

// A host holds the file that a running machine writes to, and those that tests have locked.
func (c *center) isLocked(path string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.locked[path] {
		return true
	}
	for _, m := range c.machines {
		for _, d := range m.disks {
			if m.running && c.extentOf(d.current) == path {
				return true
			}
		}
	}
	return false
}
