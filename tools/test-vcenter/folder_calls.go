package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

type folderCalls struct {
	override
	folder *simulator.Folder
}

// CreateVMTask is refused to a user without VirtualMachine.Config.AdvancedConfig who sets `extraConfig`.
func (o *folderCalls) CreateVMTask(ctx *simulator.Context, req *types.CreateVM_Task) soap.HasFault {
	o.enter(ctx)
	o.mu.Lock()
	refused := o.settings.advancedRefused && len(req.Config.ExtraConfig) > 0
	o.mu.Unlock()
	if !refused {
		return o.folder.CreateVMTask(ctx, req)
	}
	fault := &types.NoPermission{Object: &o.self, PrivilegeId: "VirtualMachine.Config.AdvancedConfig"}
	return &methods.CreateVM_TaskBody{Fault_: simulator.Fault("", fault)}
}
