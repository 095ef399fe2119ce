package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
)

func newContentID() uint32 { return rand.Uint32N(0xfffffffe) + 1 }

// The stock simulator calls the parent of each base disk 0, which stands for a disk that has one.
var stockParent = []byte("parentCID=00000000")

// Makes the simulator's descriptor of a base one of a host; one that a client has written stays as it is.
func (c *center) completeDescriptor(base *layer, capacity int64) error {
	file, _ := c.fileOf(base.name)
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil || !bytes.Contains(text, stockParent) {
		return err
	}
	return c.writeDescriptor(base, capacity)
}

func (c *center) writeDescriptor(l *layer, capacity int64) error {
	file, ok := c.fileOf(l.name)
	if !ok {
		return fmt.Errorf("%s lies in no datastore", l.name)
	}
	kind, extent, parent := "vmfs", "VMFS", "parentCID=ffffffff\n"
	if l.parent != nil {
		kind, extent = l.format.createType, l.format.extentType
		parent = fmt.Sprintf("parentCID=%08x\nparentFileNameHint=%q\n", l.parent.cid, path.Base(l.parent.name))
	}
	text := fmt.Sprintf("# Disk DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID=%08x\n%sisNativeSnapshot=\"no\"\ncreateType=%q\n"+
		"\n# Extent description\nRW %d %s %q\n\n# The Disk Data Base\n#DDB\n\nddb.adapterType = \"lsilogic\"\nddb.virtualHWVersion = \"13\"\n",
		l.cid, parent, kind, capacity/sectorBytes, extent, filepath.Base(c.extentOf(l)))
	return os.WriteFile(file, []byte(text), 0o600)
}
