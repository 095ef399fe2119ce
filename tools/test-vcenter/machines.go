package main

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// What the simulator does not know of a machine.
type machine struct {
	running bool
	disks   map[int32]*disk
	// Names of the files that the simulator made for its snapshots.
	snapshotFiles map[types.ManagedObjectReference]string
}

// The machine as its configuration is now. The caller holds its lock and `mu`.
func (c *center) sync(vm *simulator.VirtualMachine) (*machine, error) {
	known := c.machines[vm.Self]
	if known == nil {
		known = &machine{snapshotFiles: map[types.ManagedObjectReference]string{}}
		c.machines[vm.Self] = known
	}
	known.running = vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
	found := map[int32]*disk{}
	for _, device := range vm.Config.Hardware.Device {
		virtual, backing := flatDisk(device)
		if virtual == nil || backing.FileName == "" {
			continue
		}
		kept := known.disks[virtual.Key]
		if kept == nil || kept.current.name != backing.FileName {
			var err error
			if kept, err = newDisk(c, virtual, backing.FileName); err != nil {
				return nil, err
			}
		}
		found[virtual.Key] = kept
	}
	known.disks = found
	return known, nil
}

func flatDisk(device types.BaseVirtualDevice) (*types.VirtualDisk, *types.VirtualDiskFlatVer2BackingInfo) {
	virtual, ok := device.(*types.VirtualDisk)
	if !ok {
		return nil, nil
	}
	backing, ok := virtual.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	if !ok {
		return nil, nil
	}
	return virtual, backing
}

func capacityOf(disk *types.VirtualDisk) int64 {
	if disk.CapacityInBytes != 0 {
		return disk.CapacityInBytes
	}
	return disk.CapacityInKB * 1024
}

// A snapshot leaves the disks of these modes alone.
func isIndependent(backing *types.VirtualDiskFlatVer2BackingInfo) bool {
	return backing.DiskMode == string(types.VirtualDiskModeIndependent_persistent) ||
		backing.DiskMode == string(types.VirtualDiskModeIndependent_nonpersistent)
}

// The disks that snapshots hold, by key.
func (m *machine) snapped(vm *simulator.VirtualMachine) []*disk {
	var found []*disk
	for _, device := range vm.Config.Hardware.Device {
		if virtual, backing := flatDisk(device); virtual != nil && !isIndependent(backing) && m.disks[virtual.Key] != nil {
			found = append(found, m.disks[virtual.Key])
		}
	}
	slices.SortFunc(found, func(a, b *disk) int { return int(a.key - b.key) })
	return found
}

// Change tracking that was asked for comes into effect, or ends, at a moment when the machine stands still. It does not come
// into effect while a snapshot is older than the moment.
func (c *center) stun(vm *simulator.VirtualMachine, m *machine, oldSnapshots bool) error {
	asked := vm.Config.ChangeTrackingEnabled != nil && *vm.Config.ChangeTrackingEnabled
	for _, d := range m.snapped(vm) {
		if !asked {
			d.tracking = nil
			continue
		}
		if d.tracking != nil || oldSnapshots {
			continue
		}
		if err := c.restartTracking(d); err != nil {
			return err
		}
	}
	return nil
}

// A new epoch of change ids; those of before are good for nothing.
func (c *center) restartTracking(d *disk) error {
	now, err := digestOf(d.current.image, c.settings.granularity)
	if err == nil {
		d.tracking = startTracking(now)
	}
	return err
}
