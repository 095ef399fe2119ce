package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// One file of the chain of a disk, as a host keeps it in the datastore. `image` has all bytes of the disk as of this layer:
// the `-flat.vmdk` of a base, a file outside the datastore for what came later.
type layer struct {
	name   string // of the descriptor, `[datastore] folder/name.vmdk`
	cid    uint32
	image  string
	parent *layer
	// Of the extent of a layer that has a parent.
	format *deltaFormat
}

// A disk of a machine: the layers of its snapshots, of which several may have the same parent, and the one the guest writes.
type disk struct {
	key       int32
	capacity  int64
	layers    []*layer
	current   *layer
	snapshots map[types.ManagedObjectReference]*layer
	tracking  *tracking
}

func newDisk(c *center, device *types.VirtualDisk, name string) (*disk, error) {
	path, ok := c.fileOf(name)
	if !ok {
		return nil, fmt.Errorf("%s lies in no datastore", name)
	}
	base := &layer{name: name, cid: newContentID(), image: simulator.VirtualDiskBackingFileName(path)}
	found := &disk{
		key:       device.Key,
		capacity:  capacityOf(device),
		layers:    []*layer{base},
		current:   base,
		snapshots: map[types.ManagedObjectReference]*layer{},
	}
	return found, c.completeDescriptor(base, found.capacity)
}

// The extent of a layer in the datastore.
func (c *center) extentOf(l *layer) string {
	if l.parent == nil {
		return l.image
	}
	path, _ := c.fileOf(l.name)
	return strings.TrimSuffix(path, ".vmdk") + l.format.suffix
}

// The guest goes on writing to a new layer; what was the current one stays as it is.
func (d *disk) push(c *center) error {
	if d.current.parent != nil {
		if err := d.current.format.write(c.extentOf(d.current), d.current.image, d.current.parent.image); err != nil {
			return err
		}
	}
	return d.branch(c, d.current)
}

// The guest goes on from the bytes of `parent`.
func (d *disk) branch(c *center, parent *layer) error {
	child := &layer{name: d.freeName(), cid: newContentID(), parent: parent, format: c.settings.deltas}
	file, err := os.CreateTemp(c.private, filepath.Base(child.name)+"-*.raw")
	if err != nil {
		return err
	}
	child.image = file.Name()
	if err := file.Close(); err != nil {
		return err
	}
	if err := copySparse(parent.image, child.image); err != nil {
		return err
	}
	d.layers = append(d.layers, child)
	d.current = child
	return c.writeChild(child, d.capacity)
}

func (c *center) writeChild(child *layer, capacity int64) error {
	if err := c.writeDescriptor(child, capacity); err != nil {
		return err
	}
	return os.WriteFile(c.extentOf(child), child.format.encode(capacity, nil), 0o600)
}

func (d *disk) freeName() string {
	base := strings.TrimSuffix(d.layers[0].name, ".vmdk")
	for number := 1; ; number++ {
		name := fmt.Sprintf("%s-%06d.vmdk", base, number)
		if !slices.ContainsFunc(d.layers, func(l *layer) bool { return l.name == name }) {
			return name
		}
	}
}

func (d *disk) children(of *layer) []*layer {
	var found []*layer
	for _, candidate := range d.layers {
		if candidate.parent == of {
			found = append(found, candidate)
		}
	}
	return found
}

// Whether a snapshot or the guest needs the layer as it is.
func (d *disk) isUsed(l *layer) bool {
	for _, frozen := range d.snapshots {
		if frozen == l {
			return true
		}
	}
	return d.current == l
}

// Joins each layer that nobody needs with the one that was written after it, and drops those that nothing came after.
func (d *disk) consolidate(c *center) error {
	for {
		at := slices.IndexFunc(d.layers, func(l *layer) bool { return !d.isUsed(l) && len(d.children(l)) < 2 })
		if at < 0 {
			return nil
		}
		unused := d.layers[at]
		children := d.children(unused)
		if len(children) == 0 {
			if err := d.drop(c, unused); err != nil {
				return err
			}
		} else if err := d.merge(c, children[0], unused); err != nil {
			return err
		}
	}
}

// Whether layers are left that nobody needs.
func (d *disk) needsConsolidation() bool {
	return slices.ContainsFunc(d.layers, func(l *layer) bool { return !d.isUsed(l) && len(d.children(l)) < 2 })
}

// The bytes of `child` go into its parent, which takes its place.
func (d *disk) merge(c *center, child, parent *layer) error {
	if err := copySparse(child.image, parent.image); err != nil {
		return err
	}
	for snapshot, frozen := range d.snapshots {
		if frozen == child {
			d.snapshots[snapshot] = parent
		}
	}
	if d.current == child {
		d.current = parent
	}
	for _, grandchild := range d.children(child) {
		grandchild.parent = parent
		if err := c.writeDescriptor(grandchild, d.capacity); err != nil {
			return err
		}
	}
	if parent.parent != nil && d.current != parent {
		if err := parent.format.write(c.extentOf(parent), parent.image, parent.parent.image); err != nil {
			return err
		}
	}
	return d.drop(c, child)
}

func (d *disk) drop(c *center, l *layer) error {
	d.layers = slices.DeleteFunc(d.layers, func(other *layer) bool { return other == l })
	path, _ := c.fileOf(l.name)
	for _, file := range []string{path, c.extentOf(l), l.image} {
		if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}
