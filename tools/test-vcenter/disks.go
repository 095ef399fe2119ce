package main

import (
	"crypto/sha256"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// The first bytes of a new disk are not zero, so that a reader can be checked.
const contentBytes = 64 * 1024

// Gives the `-flat.vmdk` of each disk its size; the stock simulator leaves it empty. Those of the machines that are there from
// the start get some bytes too; later ones read as zeros.
type diskKeeper struct {
	registry *simulator.Registry
	seeding  *atomic.Bool
}

func keepDisks(registry *simulator.Registry) diskKeeper {
	keeper := diskKeeper{registry, new(atomic.Bool)}
	keeper.seeding.Store(true)
	registry.AddHandler(keeper)
	for _, machine := range registry.All("VirtualMachine") {
		keeper.keep(machine)
	}
	return keeper
}

func (diskKeeper) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "TestDiskKeeper", Value: "test-disk-keeper"}
}

func (k diskKeeper) PutObject(_ *simulator.Context, object mo.Reference) { k.keep(object) }

func (k diskKeeper) UpdateObject(_ *simulator.Context, object mo.Reference, _ []types.PropertyChange) {
	k.keep(object)
}

func (diskKeeper) RemoveObject(*simulator.Context, types.ManagedObjectReference) {}

func (k diskKeeper) keep(object mo.Reference) {
	var config *types.VirtualMachineConfigInfo
	switch machine := object.(type) {
	case *simulator.VirtualMachine:
		config = machine.Config
	case *mo.VirtualMachine:
		config = machine.Config
	}
	if config == nil {
		return
	}
	for _, device := range config.Hardware.Device {
		if disk, ok := device.(*types.VirtualDisk); ok {
			k.fill(disk)
		}
	}
}

func (k diskKeeper) fill(disk *types.VirtualDisk) {
	backing, ok := disk.Backing.(types.BaseVirtualDeviceFileBackingInfo)
	if !ok {
		return
	}
	path, ok := datastoreFile(k.registry, backing.GetVirtualDeviceFileBackingInfo().FileName)
	if !ok {
		return
	}
	path = simulator.VirtualDiskBackingFileName(path)
	size := capacityOf(disk)
	status, err := os.Stat(path)
	if err != nil || status.Size() >= size {
		return
	}
	if status.Size() == 0 && k.seeding.Load() {
		_ = os.WriteFile(path, content(filepath.Base(path), min(size, contentBytes)), 0o600)
	}
	_ = os.Truncate(path, size)
}

// The same bytes for the same name.
func content(name string, length int64) []byte {
	bytes := make([]byte, length)
	_, _ = rand.NewChaCha8(sha256.Sum256([]byte(name))).Read(bytes)
	return bytes
}

func datastoreFolder(registry *simulator.Registry) string {
	if found, ok := registry.Any("Datastore").(*simulator.Datastore); ok {
		return found.Summary.Url
	}
	return ""
}
