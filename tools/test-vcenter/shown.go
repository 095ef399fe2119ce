package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

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
	showLayout(ctx, vm, m)
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
		like.DeltaDiskFormat = l.format.shown
		shown := like
		shown.Parent = backingOf(like, l.parent, "")
		return &shown
	}
	return &like
}

// The stock simulator takes each extent for a flat one.
var flatOfDelta = regexp.MustCompile(`(-\d{6})-flat\.vmdk$`)

func showLayout(ctx *simulator.Context, vm *simulator.VirtualMachine, m *machine) {
	vm.RefreshStorageInfo(ctx, nil)
	if vm.LayoutEx == nil {
		return
	}
	renamed := map[string]bool{}
	for i := range vm.LayoutEx.File {
		file := &vm.LayoutEx.File[i]
		if name := flatOfDelta.ReplaceAllString(file.Name, "$1"+m.suffixOf(file.Name)); name != file.Name {
			file.Name, file.Type = name, string(types.VirtualMachineFileLayoutExFileTypeDiskExtent)
			renamed[name] = true
		}
	}
	vm.LayoutEx.File = slices.DeleteFunc(vm.LayoutEx.File, func(file types.VirtualMachineFileLayoutExFileInfo) bool {
		return renamed[file.Name] && file.Type != string(types.VirtualMachineFileLayoutExFileTypeDiskExtent)
	})
	m.numberSnapshotFiles(vm)
}

// The ending of the extent that the simulator calls `name`.
func (m *machine) suffixOf(name string) string {
	descriptor := strings.Replace(name, "-flat.vmdk", ".vmdk", 1)
	for _, d := range m.disks {
		for _, l := range d.layers {
			if l.name == descriptor && l.format != nil {
				return l.format.suffix
			}
		}
	}
	return "-flat.vmdk"
}
