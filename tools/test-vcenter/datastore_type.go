package main

import (
	"net/http"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// Makes the datastores be of another type from then on. Those of `vsan` and `VVOL` have no files with the bytes of disks.
func (c *center) setDatastoreType(request struct {
	Type string `json:"type"`
}) (any, error) {
	ctx := c.context()
	for _, entity := range c.registry.All("Datastore") {
		datastore, ok := entity.(*simulator.Datastore)
		if !ok {
			continue
		}
		summary := datastore.Summary
		summary.Type = request.Type
		ctx.WithLock(datastore, func() {
			ctx.Update(datastore, []types.PropertyChange{{Name: "summary", Val: summary}})
		})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settings.withoutExtents = strings.HasPrefix(request.Type, "vsan") || request.Type == "VVOL"
	return nil, nil
}

// Bytes of disks are objects there, and no files.
func (c *center) isObject(r *http.Request) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := r.URL.Path
	return c.settings.withoutExtents &&
		(strings.HasSuffix(name, "-flat.vmdk") || strings.HasSuffix(name, "-sesparse.vmdk") || strings.HasSuffix(name, "-delta.vmdk"))
}
