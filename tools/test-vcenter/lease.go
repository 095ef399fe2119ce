package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// A lease that a client holds: it ends when the client reports no progress for its time-out.
type lease struct {
	object *simulator.HttpNfcLease
	entity types.ManagedObjectReference
	// Images of an export, by the last part of their addresses. An import has none.
	images map[string]exportedDisk
	timer  *time.Timer
	once   sync.Once
	ended  chan struct{}
}

// A disk of an export: its file may be longer than it.
type exportedDisk struct {
	image    string
	capacity int64
}

var errLeaseEnded = errors.New("the lease has ended")

// Begins the time of a lease that the simulator has made.
func (c *center) lend(ctx *simulator.Context, reference, entity types.ManagedObjectReference, images map[string]exportedDisk) {
	object, ok := ctx.Session.Registry.Get(reference).(*simulator.HttpNfcLease)
	if !ok {
		return
	}
	lent := &lease{object: object, entity: entity, images: images, ended: make(chan struct{})}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leases[reference.Value] = lent
	lent.timer = time.AfterFunc(c.settings.leaseTimeout, func() { c.expire(lent) })
}

// Whether somebody holds a lease of the machine: there is one at a time.
func (c *center) isLent(entity types.ManagedObjectReference) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, lent := range c.leases {
		if lent.images != nil && lent.entity == entity {
			return true
		}
	}
	return false
}

// Whether somebody holds a lease of the machine, of its export or of the import that makes it.
func (c *center) isLeased(vm types.ManagedObjectReference) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, lent := range c.leases {
		if made := lent.object.Info; lent.entity == vm || lent.images == nil && made != nil && made.Entity == vm {
			return true
		}
	}
	return false
}

// The lease goes to the state of an error; its transfers break.
func (c *center) expire(lent *lease) {
	c.fail(lent, &types.Timedout{})
}

func (c *center) fail(lent *lease, fault types.BaseMethodFault) {
	ctx := c.context()
	reason := &types.LocalizedMethodFault{Fault: fault, LocalizedMessage: "the lease has ended"}
	ctx.WithLock(lent.object, func() {
		ctx.Update(lent.object, []types.PropertyChange{
			{Name: "state", Val: types.HttpNfcLeaseStateError},
			{Name: "error", Val: reason},
		})
	})
	c.end(lent, true)
}

// Nobody holds the lease any more. An import that has failed leaves no machine.
func (c *center) end(lent *lease, failed bool) {
	lent.once.Do(func() {
		c.mu.Lock()
		delete(c.leases, lent.object.Self.Value)
		c.mu.Unlock()
		lent.timer.Stop()
		close(lent.ended)
		if imported := lent.object.Info; failed && lent.images == nil && imported != nil {
			c.destroy(imported.Entity)
		}
	})
}

func (c *center) destroy(vm types.ManagedObjectReference) {
	ctx, client := context.Background(), c.client()
	if reply, err := methods.Destroy_Task(ctx, client, &types.Destroy_Task{This: vm}); err == nil {
		_ = wait(ctx, client, reply.Returnval)
	}
}

func (l *lease) hasEnded() error {
	select {
	case <-l.ended:
		return errLeaseEnded
	default:
		return nil
	}
}

// Calls of a lease.
type leaseCalls struct {
	override
	object *simulator.HttpNfcLease
}

func (o *leaseCalls) held() *lease {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.leases[o.self.Value]
}

func (o *leaseCalls) HttpNfcLeaseProgress(ctx *simulator.Context, req *types.HttpNfcLeaseProgress) soap.HasFault {
	o.enter(ctx)
	lent := o.held()
	if lent == nil {
		return &methods.HttpNfcLeaseProgressBody{Fault_: simulator.Fault("", &types.Timedout{})}
	}
	lent.timer.Reset(o.timeout())
	return o.object.HttpNfcLeaseProgress(ctx, req)
}

func (c *center) timeout() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.settings.leaseTimeout
}

func (o *leaseCalls) HttpNfcLeaseComplete(ctx *simulator.Context, req *types.HttpNfcLeaseComplete) soap.HasFault {
	o.enter(ctx)
	lent := o.held()
	if lent == nil {
		return &methods.HttpNfcLeaseCompleteBody{Fault_: simulator.Fault("", &types.Timedout{})}
	}
	o.end(lent, false)
	return o.object.HttpNfcLeaseComplete(ctx, req)
}

func (o *leaseCalls) HttpNfcLeaseAbort(ctx *simulator.Context, req *types.HttpNfcLeaseAbort) soap.HasFault {
	o.enter(ctx)
	if lent := o.held(); lent != nil {
		o.end(lent, true)
	}
	return o.object.HttpNfcLeaseAbort(ctx, req)
}

// Tells each new lease its time-out, where the simulator knows one of 300 s only; and where tests want it, its addresses are those of
// the host.
type leaseKeeper struct{ *center }

func (leaseKeeper) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "TestLeaseKeeper", Value: "test-lease-keeper"}
}

func (leaseKeeper) PutObject(*simulator.Context, mo.Reference)                    {}
func (leaseKeeper) RemoveObject(*simulator.Context, types.ManagedObjectReference) {}

func (k leaseKeeper) UpdateObject(_ *simulator.Context, object mo.Reference, _ []types.PropertyChange) {
	if lease, ok := object.(*mo.HttpNfcLease); ok && lease.Info != nil {
		lease.Info.LeaseTimeout = int32(k.leaseSeconds.Load())
		for i := range lease.Info.DeviceUrl {
			k.atHost(&lease.Info.DeviceUrl[i])
		}
	}
}
