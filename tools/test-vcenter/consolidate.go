package main

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Files that no snapshot holds any more are joined, unless they are told to stay or are locked.
func (c *center) thaw(ctx *simulator.Context) diskChange {
	return func(vm *simulator.VirtualMachine, m *machine) error {
		c.removeSnapshotFiles(ctx, m)
		held := false
		for _, d := range m.disks {
			for snapshot := range d.snapshots {
				if ctx.Map.Get(snapshot) == nil {
					delete(d.snapshots, snapshot)
				}
			}
			held = held || len(d.snapshots) > 0
			if c.settings.keepFiles || c.isAnyLocked(d) {
				continue
			}
			if err := d.consolidate(c); err != nil {
				return err
			}
		}
		return c.stun(vm, m, held)
	}
}

func (o *machineCalls) ConsolidateVMDisksTask(ctx *simulator.Context, _ *types.ConsolidateVMDisks_Task) soap.HasFault {
	o.enter(ctx)
	task := simulator.CreateTask(o.vm, "consolidateVMDisks", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		var locked types.BaseMethodFault
		err := o.change(ctx, o.vm, func(_ *simulator.VirtualMachine, m *machine) error {
			for _, d := range m.disks {
				if o.isAnyLocked(d) {
					locked = &types.FileLocked{FileFault: types.FileFault{File: d.current.name}}
					return nil
				}
				if err := d.consolidate(o.center); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, broken(err)
		}
		return nil, locked
	})
	return &methods.ConsolidateVMDisks_TaskBody{Res: &types.ConsolidateVMDisks_TaskResponse{Returnval: task.Run(ctx)}}
}

// Whether tests have locked a file of the disk.
func (c *center) isAnyLocked(d *disk) bool {
	return slices.ContainsFunc(d.layers, func(l *layer) bool { return c.locked[c.extentOf(l)] })
}
