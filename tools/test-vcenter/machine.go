package main

import (
	"context"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

const machineName = "app-1"

// Adds a machine with what the machines of the simulator have not: UEFI with secure boot, a TPM, processors in sockets,
// and three disks on two controllers.
func addMachine(ctx context.Context, model *simulator.Model) error {
	ctx = model.Service.Context
	client := &vim25.Client{RoundTripper: model.Service, ServiceContent: model.ServiceContent}
	registry := model.Map()
	folder := registry.Any("Datacenter").(*simulator.Datacenter).VmFolder
	pool := registry.Any("ClusterComputeResource").(*simulator.ClusterComputeResource).ResourcePool
	reply, err := methods.CreateVM_Task(ctx, client, &types.CreateVM_Task{This: folder, Config: machineSpec(), Pool: *pool})
	if err != nil {
		return err
	}
	return wait(ctx, client, reply.Returnval)
}

func wait(ctx context.Context, client *vim25.Client, task types.ManagedObjectReference) error {
	var state mo.Task
	for {
		if err := property.DefaultCollector(client).RetrieveOne(ctx, task, []string{"info"}, &state); err != nil {
			return err
		}
		switch state.Info.State {
		case types.TaskInfoStateSuccess:
			return nil
		case types.TaskInfoStateError:
			return &taskError{state.Info.Error}
		}
	}
}

type taskError struct{ fault *types.LocalizedMethodFault }

func (e *taskError) Error() string { return e.fault.LocalizedMessage }

func machineSpec() types.VirtualMachineConfigSpec {
	yes := true
	var devices object.VirtualDeviceList
	first, _ := devices.CreateSCSIController("pvscsi")
	devices = append(devices, first)
	second, _ := devices.CreateSCSIController("lsilogic-sas")
	devices = append(devices, second)
	for i, at := range []types.BaseVirtualDevice{first, first, second} {
		disk := devices.CreateDisk(at.(types.BaseVirtualController), types.ManagedObjectReference{}, "")
		disk.CapacityInBytes = int64(i+1) << 20
		disk.CapacityInKB = disk.CapacityInBytes >> 10
		disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo).Datastore = nil
		devices = append(devices, disk)
	}
	devices = append(devices, &types.VirtualTPM{VirtualDevice: types.VirtualDevice{Key: -900}})
	changes, _ := devices.ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	return types.VirtualMachineConfigSpec{
		Name:              machineName,
		GuestId:           string(types.VirtualMachineGuestOsIdentifierUbuntu64Guest),
		Files:             &types.VirtualMachineFileInfo{VmPathName: "[LocalDS_0]"},
		Firmware:          string(types.GuestOsDescriptorFirmwareTypeEfi),
		BootOptions:       &types.VirtualMachineBootOptions{EfiSecureBootEnabled: &yes},
		NumCPUs:           4,
		NumCoresPerSocket: types.NewInt32(2),
		MemoryMB:          256,
		DeviceChange:      changes,
	}
}
