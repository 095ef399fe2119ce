package main

import (
	"regexp"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// What the simulator does not know of a machine.
type machine struct {
	running bool
	disks   map[int32]*disk
}

// The machine as its configuration is now. The caller holds its lock and `mu`.
func (c *center) sync(vm *simulator.VirtualMachine) (*machine, error) {
	known := c.machines[vm.Self]
	if known == nil {
		known = &machine{disks: map[int32]*disk{}}
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

// Shows clients the files and change ids of the machine and its snapshots as they are now.
func (c *center) show(ctx *simulator.Context, vm *simulator.VirtualMachine, m *machine) {
	ctx.Update(vm, []types.PropertyChange{
		{Name: "config.hardware.device", Val: shownDevices(vm.Config.Hardware.Device, func(key int32) (*layer, string) {
			if d := m.disks[key]; d != nil {
				return d.current, d.tracking.currentChangeID()
			}
			return nil, ""
		})},
		{Name: "runtime.consolidationNeeded", Val: m.needsConsolidation()},
	})
	for _, reference := range ctx.Map.AllReference("VirtualMachineSnapshot") {
		snapshot, ok := reference.(*simulator.VirtualMachineSnapshot)
		if !ok || snapshot.Vm != vm.Self {
			continue
		}
		devices := shownDevices(snapshot.Config.Hardware.Device, func(key int32) (*layer, string) {
			if d := m.disks[key]; d != nil && d.snapshots[snapshot.Self] != nil {
				return d.snapshots[snapshot.Self], d.tracking.changeIDOf(snapshot.Self)
			}
			return nil, ""
		})
		ctx.WithLock(snapshot, func() {
			ctx.Update(snapshot, []types.PropertyChange{{Name: "config.hardware.device", Val: devices}})
		})
	}
	showLayout(ctx, vm)
}

func (m *machine) needsConsolidation() bool {
	for _, d := range m.disks {
		if d.needsConsolidation() {
			return true
		}
	}
	return false
}

// The devices with the backings of these layers; those without one as they were.
func shownDevices(devices []types.BaseVirtualDevice, of func(key int32) (*layer, string)) []types.BaseVirtualDevice {
	shown := slices.Clone(devices)
	for i, device := range devices {
		virtual, backing := flatDisk(device)
		if virtual == nil {
			continue
		}
		found, changeID := of(virtual.Key)
		if found == nil {
			continue
		}
		copied := *virtual
		copied.Backing = backingOf(*backing, found, changeID)
		shown[i] = &copied
	}
	return shown
}

func backingOf(like types.VirtualDiskFlatVer2BackingInfo, l *layer, changeID string) *types.VirtualDiskFlatVer2BackingInfo {
	like.FileName = l.name
	like.ChangeId = changeID
	like.ContentId = ""
	like.Parent, like.DeltaDiskFormat = nil, ""
	if l.parent != nil {
		like.DeltaDiskFormat = string(types.VirtualDiskDeltaDiskFormatSeSparseFormat)
		shown := like
		shown.Parent = backingOf(like, l.parent, "")
		return &shown
	}
	return &like
}

// The stock simulator takes each extent for a flat one.
var flatOfDelta = regexp.MustCompile(`(-\d{6})-flat\.vmdk$`)

func showLayout(ctx *simulator.Context, vm *simulator.VirtualMachine) {
	vm.RefreshStorageInfo(ctx, nil)
	if vm.LayoutEx == nil {
		return
	}
	renamed := map[string]bool{}
	for i := range vm.LayoutEx.File {
		file := &vm.LayoutEx.File[i]
		if name := flatOfDelta.ReplaceAllString(file.Name, "$1-sesparse.vmdk"); name != file.Name {
			file.Name, file.Type = name, string(types.VirtualMachineFileLayoutExFileTypeDiskExtent)
			renamed[name] = true
		}
	}
	vm.LayoutEx.File = slices.DeleteFunc(vm.LayoutEx.File, func(file types.VirtualMachineFileLayoutExFileInfo) bool {
		return renamed[file.Name] && file.Type != string(types.VirtualMachineFileLayoutExFileTypeDiskExtent)
	})
}
