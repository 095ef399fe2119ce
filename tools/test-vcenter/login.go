package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// Stands before each call. The stock simulator answers the property collector without a login; vCenter does not.
func (c *center) handleCalls() {
	c.registry.Handler = func(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
		if ctx.Session != nil {
			c.shadow(ctx, method)
			return nil, nil
		}
		if !strings.HasPrefix(method.Name, "RetrieveProperties") {
			return nil, nil
		}
		return nil, &types.NotAuthenticated{
			NoPermission: types.NoPermission{Object: &method.This, PrivilegeId: "System.View"},
		}
	}
}

const currentTime = `<?xml version="1.0"?><Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>` +
	`<CurrentTime xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></CurrentTime></Body></Envelope>`

// A cookie is good when a call that needs a session is answered with it.
func isLoggedIn(next http.Handler, r *http.Request) bool {
	cookie, err := r.Cookie("vmware_soap_session")
	if err != nil {
		return false
	}
	ask := httptest.NewRequest(http.MethodPost, "/sdk", io.NopCloser(bytes.NewBufferString(currentTime)))
	ask.AddCookie(cookie)
	answer := httptest.NewRecorder()
	next.ServeHTTP(answer, ask)
	return answer.Code == http.StatusOK
}
