package main

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// A disk of a machine; without a key, its first disk.
type diskName struct {
	Machine string `json:"machine"`
	Key     int32  `json:"key"`
}

type diskReport struct {
	Machine  string `json:"machine"`
	Key      int32  `json:"key"`
	FileName string `json:"fileName"`
	// The file with the bytes that the guest has now, in its place and in the datastore or not.
	GuestFile     string `json:"guestFile"`
	CapacityBytes int64  `json:"capacityBytes"`
	ChangeID      string `json:"changeId"`
	Layers        int    `json:"layers"`
}

func (c *center) findMachine(name string) (*simulator.VirtualMachine, error) {
	for _, entity := range c.registry.All("VirtualMachine") {
		if vm, ok := entity.(*simulator.VirtualMachine); ok && vm.Name == name {
			return vm, nil
		}
	}
	return nil, fmt.Errorf("there is no machine %q", name)
}

// Changes the disks of a machine from outside of any call.
func (c *center) withMachine(name string, change diskChange) error {
	vm, err := c.findMachine(name)
	if err != nil {
		return err
	}
	ctx := c.context()
	ctx.WithLock(vm, func() { err = c.change(ctx, vm, change) })
	return err
}

func (c *center) withDisk(name diskName, change func(*simulator.VirtualMachine, *disk) error) error {
	return c.withMachine(name.Machine, func(vm *simulator.VirtualMachine, m *machine) error {
		disks := m.snapped(vm)
		at := slices.IndexFunc(disks, func(d *disk) bool { return name.Key == 0 || d.key == name.Key })
		if at < 0 {
			return fmt.Errorf("%s has no disk %d", name.Machine, name.Key)
		}
		return change(vm, disks[at])
	})
}

// The disks of a machine, by key.
func (c *center) listDisks(request struct {
	Machine string `json:"machine"`
}) (any, error) {
	found := []diskReport{}
	return &found, c.withMachine(request.Machine, func(vm *simulator.VirtualMachine, m *machine) error {
		for _, d := range m.snapped(vm) {
			found = append(found, diskReport{
				request.Machine, d.key, d.current.name, d.current.image, d.capacity, d.tracking.currentChangeID(), len(d.layers),
			})
		}
		return nil
	})
}

// Writes bytes (base64) as the guest would, and a seeded pattern of `length` bytes where there are none.
func (c *center) guestWrite(request struct {
	diskName
	OffsetBytes int64  `json:"offsetBytes"`
	Bytes       []byte `json:"bytes"`
	Seed        string `json:"seed"`
	Length      int64  `json:"length"`
}) (any, error) {
	bytes := request.Bytes
	if bytes == nil {
		bytes = content(request.Seed, request.Length)
	}
	return nil, c.withDisk(request.diskName, func(_ *simulator.VirtualMachine, d *disk) error {
		if request.OffsetBytes < 0 || request.OffsetBytes+int64(len(bytes)) > d.capacity {
			return fmt.Errorf("the disk ends at byte %d", d.capacity)
		}
		file, err := os.OpenFile(d.current.image, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = file.WriteAt(bytes, request.OffsetBytes)
		return err
	})
}

// Begins a new epoch of change ids, as a crash of the host does.
func (c *center) resetTracking(name diskName) (any, error) {
	return nil, c.withDisk(name, func(_ *simulator.VirtualMachine, d *disk) error {
		if d.tracking == nil {
			return fmt.Errorf("disk %d is not tracked", d.key)
		}
		return c.restartTracking(d)
	})
}

// Damages the file of change tracking, until tracking begins anew: `QueryChangedDiskAreas` fails, or speaks for no byte.
func (c *center) damageTracking(request struct {
	diskName
	Damage string `json:"damage"`
}) (any, error) {
	return nil, c.withDisk(request.diskName, func(_ *simulator.VirtualMachine, d *disk) error {
		if d.tracking == nil || request.Damage != "fault" && request.Damage != "gap" {
			return fmt.Errorf("disk %d is not tracked, or %q is no damage", d.key, request.Damage)
		}
		d.tracking.damage = request.Damage
		return nil
	})
}

// Extends a disk by the call that a client has for it.
func (c *center) resize(request struct {
	diskName
	CapacityBytes int64 `json:"capacityBytes"`
}) (any, error) {
	var edited types.VirtualDisk
	err := c.withDisk(request.diskName, func(vm *simulator.VirtualMachine, d *disk) error {
		for _, device := range vm.Config.Hardware.Device {
			if virtual, backing := flatDisk(device); virtual != nil && virtual.Key == d.key {
				edited = *virtual
				copied := *backing
				edited.Backing = &copied
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	edited.CapacityInBytes, edited.CapacityInKB = request.CapacityBytes, request.CapacityBytes/1024
	vm, err := c.findMachine(request.Machine)
	if err != nil {
		return nil, err
	}
	client := c.client()
	spec := types.VirtualMachineConfigSpec{DeviceChange: []types.BaseVirtualDeviceConfigSpec{
		&types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationEdit, Device: &edited},
	}}
	reply, err := methods.ReconfigVM_Task(context.Background(), client, &types.ReconfigVM_Task{This: vm.Self, Spec: spec})
	if err != nil {
		return nil, err
	}
	return nil, wait(context.Background(), client, reply.Returnval)
}

// Moves all files of a disk to another folder of its datastore, as Storage vMotion does. Says the new name.
func (c *center) move(request struct {
	diskName
	Folder string `json:"folder"`
}) (any, error) {
	var moved string
	return &moved, c.withDisk(request.diskName, func(_ *simulator.VirtualMachine, d *disk) error {
		for _, l := range d.layers {
			if err := c.moveLayer(l, request.Folder); err != nil {
				return err
			}
		}
		moved = d.current.name
		return nil
	})
}

func (c *center) moveLayer(l *layer, folder string) error {
	datastore, _, _ := strings.Cut(l.name, " ")
	name := fmt.Sprintf("%s %s/%s", datastore, folder, path.Base(l.name))
	oldFile, _ := c.fileOf(l.name)
	newFile, ok := c.fileOf(name)
	if !ok {
		return fmt.Errorf("%s lies in no datastore", name)
	}
	if err := os.MkdirAll(path.Dir(newFile), 0o700); err != nil {
		return err
	}
	oldExtent := c.extentOf(l)
	newExtent := path.Join(path.Dir(newFile), path.Base(oldExtent))
	if err := os.Rename(oldFile, newFile); err != nil {
		return err
	}
	if l.parent == nil {
		l.image = newExtent
	}
	l.name = name
	return os.Rename(oldExtent, newExtent)
}

// Locks a file of a datastore, or unlocks it.
func (c *center) lock(request struct {
	FileName string `json:"fileName"`
	Locked   bool   `json:"locked"`
}) (any, error) {
	path, ok := c.fileOf(request.FileName)
	if !ok {
		return nil, fmt.Errorf("%s lies in no datastore", request.FileName)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.locked[path] = request.Locked
	return nil, nil
}
