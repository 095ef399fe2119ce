package main

import (
	"os"
	"path"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Calls of the manager of disk files.
type diskManagerCalls struct {
	override
	manager *simulator.VirtualDiskManager
}

// MoveVirtualDisk_Task of the stock simulator leaves the old name of the extent in the descriptor, and moves what a running
// machine uses.
func (o *diskManagerCalls) MoveVirtualDiskTask(ctx *simulator.Context, req *types.MoveVirtualDisk_Task) soap.HasFault {
	o.enter(ctx)
	task := simulator.CreateTask(o.manager, "moveVirtualDisk", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		if o.isHeld(req.SourceName) {
			return nil, &types.FileLocked{FileFault: types.FileFault{File: req.SourceName}}
		}
		moved := o.manager.MoveVirtualDiskTask(ctx, req).(*methods.MoveVirtualDisk_TaskBody).Res.Returnval
		if _, fault := inner(ctx, moved); fault != nil {
			return nil, fault
		}
		if err := o.renameExtent(req.SourceName, req.DestName); err != nil {
			return nil, broken(err)
		}
		return nil, nil
	})
	return &methods.MoveVirtualDisk_TaskBody{Res: &types.MoveVirtualDisk_TaskResponse{Returnval: task.Run(ctx)}}
}

// DeleteVirtualDisk_Task of the stock simulator removes what a running machine uses.
func (o *diskManagerCalls) DeleteVirtualDiskTask(ctx *simulator.Context, req *types.DeleteVirtualDisk_Task) soap.HasFault {
	o.enter(ctx)
	if !o.isHeld(req.Name) {
		return o.manager.DeleteVirtualDiskTask(ctx, req)
	}
	task := simulator.CreateTask(o.manager, "deleteVirtualDisk", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		return nil, &types.FileLocked{FileFault: types.FileFault{File: req.Name}}
	})
	return &methods.DeleteVirtualDisk_TaskBody{Res: &types.DeleteVirtualDisk_TaskResponse{Returnval: task.Run(ctx)}}
}

// Whether a running machine has the disk.
func (c *center) isHeld(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.machines {
		for _, d := range m.disks {
			if m.running && d.current.name == name {
				return true
			}
		}
	}
	return false
}

func (c *center) renameExtent(from, to string) error {
	file, ok := c.fileOf(to)
	if !ok {
		return os.ErrNotExist
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	extent := func(name string) string {
		return `"` + strings.TrimSuffix(path.Base(name), ".vmdk") + `-flat.vmdk"`
	}
	return os.WriteFile(file, []byte(strings.Replace(string(text), extent(from), extent(to), 1)), 0o600)
}
