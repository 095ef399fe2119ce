package main

import (
	"os"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

func (o *machineCalls) ReconfigVMTask(ctx *simulator.Context, req *types.ReconfigVM_Task) soap.HasFault {
	o.enter(ctx)
	reply := func(task types.ManagedObjectReference) soap.HasFault {
		return &methods.ReconfigVM_TaskBody{Res: &types.ReconfigVM_TaskResponse{Returnval: task}}
	}
	if o.resizesSnapped(req.Spec.DeviceChange) {
		return reply(simulator.CreateTask(o.vm, "reconfigVm", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
			return nil, &types.InvalidDeviceOperation{BadOp: types.VirtualDeviceConfigSpecOperationEdit}
		}).Run(ctx))
	}
	stock := func() types.ManagedObjectReference {
		return o.vm.ReconfigVMTask(ctx, req).(*methods.ReconfigVM_TaskBody).Res.Returnval
	}
	return reply(o.task(ctx, o.vm, "reconfigVm", stock, func(types.AnyType) diskChange { return o.reconfigured }))
}

// Disks are not extended while a snapshot holds them.
func (o *machineCalls) resizesSnapped(changes []types.BaseVirtualDeviceConfigSpec) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	known := o.machines[o.self]
	for _, change := range changes {
		spec := change.GetVirtualDeviceConfigSpec()
		edited, ok := spec.Device.(*types.VirtualDisk)
		if !ok || known == nil || spec.Operation != types.VirtualDeviceConfigSpecOperationEdit {
			continue
		}
		if d := known.disks[edited.Key]; d != nil && len(d.snapshots) > 0 && capacityOf(edited) != d.capacity {
			return true
		}
	}
	return false
}

// Extended disks get their size, and a new epoch of change ids. Tracking that is switched on or off changes with a snapshot
// or a change of power only, also of a machine that is off (API reference, `VirtualMachineConfigSpec.changeTrackingEnabled`).
func (c *center) reconfigured(vm *simulator.VirtualMachine, m *machine) error {
	for _, device := range vm.Config.Hardware.Device {
		virtual, _ := flatDisk(device)
		if virtual == nil || m.disks[virtual.Key] == nil || m.disks[virtual.Key].capacity == capacityOf(virtual) {
			continue
		}
		if err := c.extend(m.disks[virtual.Key], capacityOf(virtual)); err != nil {
			return err
		}
	}
	return nil
}

func (c *center) extend(d *disk, capacity int64) error {
	d.capacity = capacity
	if err := os.Truncate(d.current.image, capacity); err != nil {
		return err
	}
	if err := c.writeDescriptor(d.current, capacity); err != nil {
		return err
	}
	if d.tracking == nil {
		return nil
	}
	return c.restartTracking(d)
}

func (o *machineCalls) PowerOnVMTask(ctx *simulator.Context, req *types.PowerOnVM_Task) soap.HasFault {
	o.enter(ctx)
	if o.vm.Config.Template {
		return o.vm.PowerOnVMTask(ctx, req)
	}
	stock := func() types.ManagedObjectReference {
		return o.vm.PowerOnVMTask(ctx, req).(*methods.PowerOnVM_TaskBody).Res.Returnval
	}
	task := o.task(ctx, o.vm, "powerOn", stock, func(types.AnyType) diskChange { return o.switched })
	return &methods.PowerOnVM_TaskBody{Res: &types.PowerOnVM_TaskResponse{Returnval: task}}
}

func (o *machineCalls) PowerOffVMTask(ctx *simulator.Context, req *types.PowerOffVM_Task) soap.HasFault {
	o.enter(ctx)
	stock := func() types.ManagedObjectReference {
		return o.vm.PowerOffVMTask(ctx, req).(*methods.PowerOffVM_TaskBody).Res.Returnval
	}
	task := o.task(ctx, o.vm, "powerOff", stock, func(types.AnyType) diskChange { return o.switched })
	return &methods.PowerOffVM_TaskBody{Res: &types.PowerOffVM_TaskResponse{Returnval: task}}
}

func (c *center) switched(vm *simulator.VirtualMachine, m *machine) error {
	return c.stun(vm, m, vm.Snapshot != nil)
}
