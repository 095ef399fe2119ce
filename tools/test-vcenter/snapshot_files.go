package main

import (
	"os"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// The simulator removes the file of a snapshot by a number that it gives to another file whenever it lists them anew, and with
// that, disks. So it is kept from removing any, and the files of snapshots are known by name.

// Notes the file of a snapshot that was just taken.
func (m *machine) noteSnapshotFile(vm *simulator.VirtualMachine, snapshot types.ManagedObjectReference) {
	for _, layout := range vm.LayoutEx.Snapshot {
		for _, file := range vm.LayoutEx.File {
			if layout.Key == snapshot && layout.DataKey == file.Key {
				m.snapshotFiles[snapshot] = file.Name
			}
		}
	}
}

// No number stands for a file until they are listed anew.
func forgetFileNumbers(vm *simulator.VirtualMachine) {
	if vm.LayoutEx == nil {
		return
	}
	for i := range vm.LayoutEx.Snapshot {
		vm.LayoutEx.Snapshot[i].DataKey = -1
	}
}

// Says which files are those of snapshots, after they were listed.
func (m *machine) numberSnapshotFiles(vm *simulator.VirtualMachine) {
	for i := range vm.LayoutEx.Snapshot {
		layout := &vm.LayoutEx.Snapshot[i]
		layout.DataKey = -1
		for _, file := range vm.LayoutEx.File {
			if file.Name == m.snapshotFiles[layout.Key] {
				layout.DataKey = file.Key
			}
		}
	}
}

// Removes the files of snapshots that are gone.
func (c *center) removeSnapshotFiles(ctx *simulator.Context, m *machine) {
	for snapshot, name := range m.snapshotFiles {
		if ctx.Map.Get(snapshot) != nil {
			continue
		}
		if path, ok := c.fileOf(name); ok {
			_ = os.Remove(path)
		}
		delete(m.snapshotFiles, snapshot)
	}
}
