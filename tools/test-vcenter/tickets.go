package main

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Calls of the session manager.
type sessionCalls struct {
	override
	manager *simulator.SessionManager
}

// A ticket is good for one request of this method and address.
type ticket struct{ method, host, path, query string }

func (o *sessionCalls) AcquireGenericServiceTicket(ctx *simulator.Context, req *types.AcquireGenericServiceTicket) soap.HasFault {
	o.enter(ctx)
	refuse := func() soap.HasFault {
		return &methods.AcquireGenericServiceTicketBody{
			Fault_: simulator.Fault("", &types.InvalidArgument{InvalidProperty: "spec"}),
		}
	}
	spec, ok := req.Spec.(*types.SessionManagerHttpServiceRequestSpec)
	if !ok {
		return refuse()
	}
	address, err := url.Parse(spec.Url)
	if err != nil || address.Path == "" {
		return refuse()
	}
	reply := o.manager.AcquireGenericServiceTicket(req).(*methods.AcquireGenericServiceTicketBody)
	if address.Hostname() == hostName {
		reply.Res.Returnval.HostName, reply.Res.Returnval.SslThumbprint = hostName, o.hostThumbprint
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	method := strings.ToUpper(strings.TrimPrefix(spec.Method, "http"))
	o.tickets[reply.Res.Returnval.Id] = ticket{method, address.Hostname(), address.Path, address.Query().Encode()}
	return reply
}

// Whether the request has a ticket. It is used up.
func (c *center) takeTicket(r *http.Request) bool {
	cookie, err := r.Cookie("vmware_cgi_ticket")
	if err != nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.tickets[cookie.Value]
	if !ok || found.path != r.URL.Path || (found.host == hostName) != isHost(r) || found.query != r.URL.Query().Encode() {
		return false
	}
	delete(c.tickets, cookie.Value)
	return found.method == "" || found.method == r.Method
}
