package main

import (
	"path"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// ExportSnapshot lends the bytes of the instant.
func (o *snapshotCalls) ExportSnapshot(ctx *simulator.Context, req *types.ExportSnapshot) soap.HasFault {
	o.enter(ctx)
	entity := o.snapshot.Vm
	if o.isLent(entity) {
		return &methods.ExportSnapshotBody{Fault_: simulator.Fault("", &types.TaskInProgress{})}
	}
	reply := o.snapshot.ExportSnapshot(ctx, req).(*methods.ExportSnapshotBody)
	o.nameDevices(ctx, reply.Res.Returnval, entity, o.snapshot.Config.Hardware.Device)
	o.lend(ctx, reply.Res.Returnval, entity, o.imagesOf(entity, func(d *disk) *layer { return d.snapshots[o.self] }))
	o.waitToReply()
	return reply
}

func (c *center) waitToReply() {
	c.mu.Lock()
	wait := c.settings.exportReply
	c.mu.Unlock()
	time.Sleep(wait)
}

// ExportVm lends the disks of a machine that is off; the stock simulator exports snapshots only.
func (o *machineCalls) ExportVm(ctx *simulator.Context, req *types.ExportVm) soap.HasFault {
	o.enter(ctx)
	refuse := func(fault types.BaseMethodFault) soap.HasFault {
		return &methods.ExportVmBody{Fault_: simulator.Fault("", fault)}
	}
	if state := o.vm.Runtime.PowerState; state != types.VirtualMachinePowerStatePoweredOff {
		return refuse(&types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: state})
	}
	if o.isLent(o.self) {
		return refuse(&types.TaskInProgress{})
	}
	now := &simulator.VirtualMachineSnapshot{}
	now.Vm, now.Config = o.self, *o.vm.Config
	reply := now.ExportSnapshot(ctx, &types.ExportSnapshot{This: req.This}).(*methods.ExportSnapshotBody)
	o.nameDevices(ctx, reply.Res.Returnval, o.self, now.Config.Hardware.Device)
	o.lend(ctx, reply.Res.Returnval, o.self, o.imagesOf(o.self, func(d *disk) *layer { return d.current }))
	return &methods.ExportVmBody{Res: &types.ExportVmResponse{Returnval: reply.Res.Returnval}}
}

func (c *center) imagesOf(entity types.ManagedObjectReference, pick func(*disk) *layer) map[string]exportedDisk {
	c.mu.Lock()
	defer c.mu.Unlock()
	images := map[string]exportedDisk{}
	known := c.machines[entity]
	if known == nil {
		return images
	}
	for _, d := range known.disks {
		if picked := pick(d); picked != nil {
			images[path.Base(picked.name)] = exportedDisk{picked.image, d.capacity}
		}
	}
	return images
}

// UnregisterVM of a machine under a lease is refused, as its removal is.
func (o *machineCalls) UnregisterVM(ctx *simulator.Context, req *types.UnregisterVM) soap.HasFault {
	o.enter(ctx)
	if o.isLeased(o.self) {
		return &methods.UnregisterVMBody{Fault_: simulator.Fault("", &types.TaskInProgress{})}
	}
	return o.vm.UnregisterVM(ctx, req)
}

// Calls of a resource pool.
type poolCalls struct {
	override
	pool *simulator.ResourcePool
}

// ImportVApp keeps what is uploaded to its lease.
func (o *poolCalls) ImportVApp(ctx *simulator.Context, req *types.ImportVApp) soap.HasFault {
	o.enter(ctx)
	reply := o.pool.ImportVApp(ctx, req).(*methods.ImportVAppBody)
	if reply.Res != nil {
		o.lend(ctx, reply.Res.Returnval, types.ManagedObjectReference{}, nil)
	}
	return reply
}
