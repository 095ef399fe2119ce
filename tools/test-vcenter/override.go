package main

import (
	"reflect"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Answers some methods of one object instead of the simulator. The registry of the session shows it in place of the object
// for the one call: what a `Registry.Handler` returns counts only where nobody is logged in, and the simulator itself wants
// to find its own types in its registry.
type override struct {
	*center
	self types.ManagedObjectReference
	own  *simulator.Registry
}

func (o *override) Reference() types.ManagedObjectReference { return o.self }

// The simulator's session as it was, for what the call itself puts there.
func (o *override) enter(ctx *simulator.Context) { ctx.Session.Registry = o.own }

// Shows an override of the object for this call when there is one of the method.
func (c *center) shadow(ctx *simulator.Context, method *simulator.Method) {
	o := override{center: c, self: method.This, own: ctx.Session.Registry}
	var shown mo.Reference
	switch object := ctx.Session.Get(method.This).(type) {
	case *simulator.VirtualMachine:
		shown = &machineCalls{o, object}
	case *simulator.VirtualMachineSnapshot:
		shown = &snapshotCalls{o, object}
	case *simulator.HttpNfcLease:
		shown = &leaseCalls{o, object}
	case *simulator.ResourcePool:
		shown = &poolCalls{o, object}
	case *simulator.SessionManager:
		shown = &sessionCalls{o, object}
	case *simulator.VirtualDiskManager:
		shown = &diskManagerCalls{o, object}
	default:
		return
	}
	if answers(shown, method.Name) {
		overlay := simulator.NewRegistry()
		overlay.Put(shown)
		ctx.Session.Registry = overlay
	}
}

func answers(object mo.Reference, method string) bool {
	name := strings.ToUpper(method[:1]) + strings.Replace(method[1:], "_Task", "Task", 1)
	found := reflect.ValueOf(object).MethodByName(name)
	return found.IsValid() && found.Type().NumOut() == 1 && found.Type().Out(0) == reflect.TypeFor[soap.HasFault]()
}

// Waits for a task of the simulator that is a part of another. Both hold the locks of the same context.
func inner(ctx *simulator.Context, task types.ManagedObjectReference) (types.AnyType, types.BaseMethodFault) {
	running := ctx.Map.Get(task).(*simulator.Task)
	running.Wait()
	if running.Info.Error != nil {
		return nil, running.Info.Error.Fault
	}
	return running.Info.Result, nil
}

func broken(err error) types.BaseMethodFault { return &types.SystemError{Reason: err.Error()} }
