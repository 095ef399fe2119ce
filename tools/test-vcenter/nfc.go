package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// Serves the addresses of leases with the bytes of disks; the stock simulator gives descriptors and throws uploads away.
func (c *center) serveNfc(next http.Handler, w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(r.URL.Path, "/")
	name := parts[len(parts)-1]
	c.mu.Lock()
	lent := c.leases[parts[len(parts)-2]]
	c.mu.Unlock()
	if lent == nil {
		refuseUpload(w, r, http.StatusNotFound, "there is no such lease")
		return
	}
	switch exported, ok := lent.images[name]; {
	case r.Method == http.MethodGet && ok:
		sendDisk(w, lent, exported)
	case r.Method == http.MethodPut || r.Method == http.MethodPost:
		c.takeDisk(next, w, r, lent, name)
	default:
		next.ServeHTTP(w, r)
	}
}

func sendDisk(w http.ResponseWriter, lent *lease, exported exportedDisk) {
	w.Header().Set("Content-Type", "application/x-vnd.vmware-streamVmdk")
	if err := writeStream(w, exported, lent.hasEnded); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// The simulator keeps the sum of what is uploaded, and the disk its bytes.
func (c *center) takeDisk(next http.Handler, w http.ResponseWriter, r *http.Request, lent *lease, name string) {
	d := c.importedDisk(lent, name)
	if status, reason := refusedUpload(r, lent, d); reason != "" {
		refuseUpload(w, r, status, reason)
		return
	}
	if c.isFull() {
		c.fail(lent, &types.NoDiskSpace{Datastore: "LocalDS_0"})
		http.Error(w, "no space left on the datastore", http.StatusInternalServerError)
		return
	}
	body, kept := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := readStream(body, d.current.image, d.capacity)
		// to the end, also of what is no stream: who is answered before all was sent may see nothing but a connection that breaks
		_, rest := io.Copy(io.Discard, body)
		done <- errors.Join(err, rest)
	}()
	r.Body = &copiedBody{lent, io.TeeReader(r.Body, kept), r.Body}
	answer := httptest.NewRecorder()
	next.ServeHTTP(answer, r)
	_ = kept.Close()
	if err := <-done; err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(answer.Code)
}

// Breaks when the lease has ended.
type copiedBody struct {
	lent *lease
	io.Reader
	io.Closer
}

func (b *copiedBody) Read(into []byte) (int, error) {
	if err := b.lent.hasEnded(); err != nil {
		return 0, err
	}
	return b.Reader.Read(into)
}

func (c *center) importedDisk(lent *lease, name string) (found *disk) {
	info := lent.object.Info
	if info == nil || lent.images != nil {
		return nil
	}
	vm, ok := c.registry.Get(info.Entity).(*simulator.VirtualMachine)
	if !ok {
		return nil
	}
	_ = c.withMachine(vm.Name, func(_ *simulator.VirtualMachine, m *machine) error {
		for _, d := range m.disks {
			if path.Base(d.current.name) == name {
				found = d
			}
		}
		return nil
	})
	return found
}
