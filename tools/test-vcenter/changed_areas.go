package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// QueryChangedDiskAreas compares the bytes of two instants, block by block.
func (o *machineCalls) QueryChangedDiskAreas(ctx *simulator.Context, req *types.QueryChangedDiskAreas) soap.HasFault {
	o.enter(ctx)
	o.mu.Lock()
	defer o.mu.Unlock()
	body := new(methods.QueryChangedDiskAreasBody)
	info, fault := o.changedAreas(ctx, req)
	if fault != nil {
		body.Fault_ = simulator.Fault("", fault)
	} else {
		body.Res = &types.QueryChangedDiskAreasResponse{Returnval: *info}
	}
	return body
}

func (o *machineCalls) changedAreas(ctx *simulator.Context, req *types.QueryChangedDiskAreas) (*types.DiskChangeInfo, types.BaseMethodFault) {
	m, err := o.sync(o.vm)
	if err != nil {
		return nil, broken(err)
	}
	d := m.disks[req.DeviceKey]
	if d == nil {
		return nil, &types.InvalidArgument{InvalidProperty: "deviceKey"}
	}
	if req.Snapshot != nil && ctx.Map.Get(*req.Snapshot) == nil {
		return nil, &types.NotFound{}
	}
	if d.tracking == nil || req.StartOffset < 0 || req.StartOffset >= d.capacity {
		return nil, &types.InvalidArgument{InvalidProperty: "startOffset"}
	}
	now, fault := o.instantOf(d, req.Snapshot)
	if fault != nil {
		return nil, fault
	}
	since, ok := d.tracking.since(req.ChangeId)
	if !ok || d.tracking.damage == "fault" {
		return nil, &types.FileFault{File: d.current.name}
	}
	if d.tracking.damage == "gap" {
		return &types.DiskChangeInfo{StartOffset: req.StartOffset}, nil
	}
	return page(since.changes(now), req.StartOffset, d.capacity, o.settings.areasPerReply), nil
}

// The instant of a snapshot, or of now for a machine that is off.
func (o *machineCalls) instantOf(d *disk, snapshot *types.ManagedObjectReference) (digest, types.BaseMethodFault) {
	if snapshot != nil {
		sequence, ok := d.tracking.of[*snapshot]
		if !ok {
			return digest{}, &types.InvalidArgument{InvalidProperty: "startOffset"}
		}
		return d.tracking.instants[sequence], nil
	}
	if o.vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff {
		return digest{}, &types.InvalidArgument{InvalidProperty: "snapshot"}
	}
	now, err := digestOf(d.current.image, o.settings.granularity)
	if err != nil {
		return digest{}, broken(err)
	}
	return now, nil
}

// The areas from `start` on, at most so many. The reply speaks for all up to the end of its last area, or of the disk.
func page(areas []area, start, capacity int64, most int) *types.DiskChangeInfo {
	info := &types.DiskChangeInfo{StartOffset: start, Length: capacity - start}
	for _, changed := range areas {
		from, to := max(changed.start, start), min(changed.start+changed.length, capacity)
		if from >= to {
			continue
		}
		if len(info.ChangedArea) == most {
			last := info.ChangedArea[most-1]
			info.Length = last.Start + last.Length - start
			break
		}
		info.ChangedArea = append(info.ChangedArea, types.DiskChangeExtent{Start: from, Length: to - from})
	}
	return info
}
