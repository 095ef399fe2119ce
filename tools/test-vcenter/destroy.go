package main

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// DestroyTask of the stock simulator removes the folder of a machine with whatever lies in it. A host removes the files of the
// machine, and the folder when nothing else is there. A machine under a lease is not removed: neither one that is exported nor
// one that an import is making.
func (o *machineCalls) DestroyTask(ctx *simulator.Context, req *types.Destroy_Task) soap.HasFault {
	o.enter(ctx)
	if o.isLeased(o.self) {
		return &methods.Destroy_TaskBody{Fault_: simulator.Fault("", &types.TaskInProgress{})}
	}
	task := simulator.CreateTask(o.vm, "destroy", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		folder, _ := o.fileOf(path.Dir(o.vm.Config.Files.VmPathName))
		files := append(o.diskFiles(o.self), ownFiles(folder, o.vm.Config)...)
		logs := o.vm.Config.Files.LogDirectory
		// the folder that the simulator would remove whole
		o.vm.Config.Files.LogDirectory = ""
		removed := o.vm.DestroyTask(ctx, req).(*methods.Destroy_TaskBody).Res.Returnval
		if _, fault := inner(ctx, removed); fault != nil {
			o.vm.Config.Files.LogDirectory = logs
			return nil, fault
		}
		for _, file := range files {
			_ = os.Remove(file)
		}
		// only one that is empty goes
		_ = os.Remove(folder)
		return nil, nil
	})
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{Returnval: task.Run(ctx)}}
}

// Descriptors and extents of the disks that a machine has, with those of its snapshots.
func (c *center) diskFiles(vm types.ManagedObjectReference) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.machines[vm]
	if known == nil {
		return nil
	}
	var files []string
	for _, d := range known.disks {
		for _, l := range d.layers {
			if descriptor, ok := c.fileOf(l.name); ok {
				files = append(files, descriptor, c.extentOf(l))
			}
		}
	}
	return files
}

// The files of a machine that are no disks: those that its configuration names, and those that a host calls after it.
func ownFiles(folder string, config *types.VirtualMachineConfigInfo) []string {
	configFile := path.Base(config.Files.VmPathName)
	stem := strings.TrimSuffix(configFile, path.Ext(configFile))
	names := []string{configFile, "vmware.log"}
	for _, ending := range []string{".vmxf", ".vmsd", ".nvram", ".vswp"} {
		names = append(names, stem+ending)
	}
	for _, option := range config.ExtraConfig {
		if value := option.GetOptionValue(); value.Key == "nvram" {
			if name, ok := value.Value.(string); ok {
				names = append(names, path.Base(name))
			}
		}
	}
	files := make([]string, len(names))
	for i, name := range names {
		files[i] = filepath.Join(folder, name)
	}
	return files
}
