package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Calls of a machine that the simulator answers without the bytes of its disks, or not at all.
type machineCalls struct {
	override
	vm *simulator.VirtualMachine
}

// Calls of a snapshot likewise. It takes no lock of its own: its tasks hold that of the machine.
type snapshotCalls struct {
	override
	snapshot *simulator.VirtualMachineSnapshot
}

func (*snapshotCalls) Lock()   {}
func (*snapshotCalls) Unlock() {}

// A change of the disks of a machine at the end of a task of the simulator, with both locks held.
type diskChange func(vm *simulator.VirtualMachine, m *machine) error

// Runs the simulator's own task and then the change, as one task.
func (c *center) task(
	ctx *simulator.Context, vm *simulator.VirtualMachine, name string,
	stock func() types.ManagedObjectReference, change func(result types.AnyType) diskChange,
) types.ManagedObjectReference {
	return simulator.CreateTask(vm, name, func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		result, fault := inner(ctx, stock())
		if fault != nil {
			return nil, fault
		}
		if err := c.change(ctx, vm, change(result)); err != nil {
			return nil, broken(err)
		}
		return result, nil
	}).Run(ctx)
}

// Carries out a change of the disks and shows it. The caller holds the lock of the machine.
func (c *center) change(ctx *simulator.Context, vm *simulator.VirtualMachine, change diskChange) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, err := c.sync(vm)
	if err != nil {
		return err
	}
	if err := change(vm, m); err != nil {
		return err
	}
	c.show(ctx, vm, m)
	return nil
}

func (o *machineCalls) CreateSnapshotTask(ctx *simulator.Context, req *types.CreateSnapshot_Task) soap.HasFault {
	like := &types.CreateSnapshotEx_Task{This: req.This, Name: req.Name, Description: req.Description, Memory: req.Memory}
	if req.Quiesce {
		like.QuiesceSpec = &types.VirtualMachineGuestQuiesceSpec{}
	}
	return &methods.CreateSnapshot_TaskBody{Res: &types.CreateSnapshot_TaskResponse{Returnval: o.take(ctx, like)}}
}

func (o *machineCalls) CreateSnapshotExTask(ctx *simulator.Context, req *types.CreateSnapshotEx_Task) soap.HasFault {
	return &methods.CreateSnapshotEx_TaskBody{Res: &types.CreateSnapshotEx_TaskResponse{Returnval: o.take(ctx, req)}}
}

func (o *machineCalls) take(ctx *simulator.Context, req *types.CreateSnapshotEx_Task) types.ManagedObjectReference {
	o.enter(ctx)
	if fault := o.refusal(req); fault != nil {
		return simulator.CreateTask(o.vm, "createSnapshot", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
			return nil, fault
		}).Run(ctx)
	}
	stock := func() types.ManagedObjectReference {
		return o.vm.CreateSnapshotExTask(ctx, req).(*methods.CreateSnapshotEx_TaskBody).Res.Returnval
	}
	return o.task(ctx, o.vm, "createSnapshot", stock, func(result types.AnyType) diskChange {
		return o.freeze(result.(types.ManagedObjectReference))
	})
}

func (o *machineCalls) refusal(req *types.CreateSnapshotEx_Task) types.BaseMethodFault {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.settings.full {
		return &types.NoDiskSpace{Datastore: "LocalDS_0"}
	}
	if req.QuiesceSpec != nil && o.settings.quiesceFaults > 0 {
		o.settings.quiesceFaults--
		return &types.ApplicationQuiesceFault{}
	}
	return nil
}

// The files of the disks stay as they are now; the guest goes on in new ones.
func (c *center) freeze(snapshot types.ManagedObjectReference) diskChange {
	return func(vm *simulator.VirtualMachine, m *machine) error {
		m.noteSnapshotFile(vm, snapshot)
		old := false
		for _, d := range m.snapped(vm) {
			old = old || len(d.snapshots) > 0
			if d.tracking != nil {
				now, err := digestOf(d.current.image, c.settings.granularity)
				if err != nil {
					return err
				}
				d.tracking.keep(snapshot, now)
			}
			d.snapshots[snapshot] = d.current
			if err := d.push(c); err != nil {
				return err
			}
		}
		return c.stun(vm, m, old)
	}
}

func (o *snapshotCalls) machine(ctx *simulator.Context) *simulator.VirtualMachine {
	return ctx.Map.Get(o.snapshot.Vm).(*simulator.VirtualMachine)
}

func (o *snapshotCalls) RemoveSnapshotTask(ctx *simulator.Context, req *types.RemoveSnapshot_Task) soap.HasFault {
	o.enter(ctx)
	if o.isLent(o.snapshot.Vm) {
		return &methods.RemoveSnapshot_TaskBody{Fault_: simulator.Fault("", &types.TaskInProgress{})}
	}
	stock := func() types.ManagedObjectReference {
		forgetFileNumbers(o.machine(ctx))
		return o.snapshot.RemoveSnapshotTask(ctx, req).(*methods.RemoveSnapshot_TaskBody).Res.Returnval
	}
	task := o.task(ctx, o.machine(ctx), "removeSnapshot", stock, func(types.AnyType) diskChange { return o.thaw(ctx) })
	return &methods.RemoveSnapshot_TaskBody{Res: &types.RemoveSnapshot_TaskResponse{Returnval: task}}
}

func (o *machineCalls) RemoveAllSnapshotsTask(ctx *simulator.Context, req *types.RemoveAllSnapshots_Task) soap.HasFault {
	o.enter(ctx)
	stock := func() types.ManagedObjectReference {
		forgetFileNumbers(o.vm)
		return o.vm.RemoveAllSnapshotsTask(ctx, req).(*methods.RemoveAllSnapshots_TaskBody).Res.Returnval
	}
	task := o.task(ctx, o.vm, "removeAllSnapshots", stock, func(types.AnyType) diskChange { return o.thaw(ctx) })
	return &methods.RemoveAllSnapshots_TaskBody{Res: &types.RemoveAllSnapshots_TaskResponse{Returnval: task}}
}
