package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

func (o *snapshotCalls) RevertToSnapshotTask(ctx *simulator.Context, req *types.RevertToSnapshot_Task) soap.HasFault {
	o.enter(ctx)
	stock := func() types.ManagedObjectReference {
		return o.snapshot.RevertToSnapshotTask(ctx, req).(*methods.RevertToSnapshot_TaskBody).Res.Returnval
	}
	task := o.task(ctx, o.machine(ctx), "revertToSnapshot", stock, func(types.AnyType) diskChange { return o.revert(req.This) })
	return &methods.RevertToSnapshot_TaskBody{Res: &types.RevertToSnapshot_TaskResponse{Returnval: task}}
}

func (o *machineCalls) RevertToCurrentSnapshotTask(ctx *simulator.Context, req *types.RevertToCurrentSnapshot_Task) soap.HasFault {
	o.enter(ctx)
	reply := o.vm.RevertToCurrentSnapshotTask(ctx, req).(*methods.RevertToCurrentSnapshot_TaskBody)
	if reply.Res == nil {
		return reply
	}
	stock := func() types.ManagedObjectReference { return reply.Res.Returnval }
	current := *o.vm.Snapshot.CurrentSnapshot
	task := o.task(ctx, o.vm, "revertToCurrentSnapshot", stock, func(types.AnyType) diskChange { return o.revert(current) })
	return &methods.RevertToCurrentSnapshot_TaskBody{Res: &types.RevertToCurrentSnapshot_TaskResponse{Returnval: task}}
}

// What the guest wrote since is lost, and change ids of before with it.
func (c *center) revert(snapshot types.ManagedObjectReference) diskChange {
	return func(_ *simulator.VirtualMachine, m *machine) error {
		for _, d := range m.disks {
			frozen := d.snapshots[snapshot]
			if frozen == nil {
				continue
			}
			left := d.current
			if err := d.branch(c, frozen); err != nil {
				return err
			}
			if err := d.drop(c, left); err != nil {
				return err
			}
			if d.tracking != nil {
				if err := c.restartTracking(d); err != nil {
					return err
				}
			}
		}
		return nil
	}
}
