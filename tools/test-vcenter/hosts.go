package main

import (
	"crypto/sha1"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// By this name the server is its ESXi host: one that knows no session of the vCenter, only tickets and leases.
const hostName = "localhost"

func isHost(r *http.Request) bool {
	name, _, err := net.SplitHostPort(r.Host)
	return err == nil && name == hostName
}

// A session that is shown to a host was given away.
func showsSession(r *http.Request) bool {
	_, err := r.Cookie("vmware_soap_session")
	return err == nil
}

// Whether the request may have what it asks for: of the vCenter with a session, of the host with a ticket or the address of a lease,
// whose name is the ticket.
func (c *center) isGranted(next http.Handler, r *http.Request) bool {
	if isHost(r) {
		return strings.HasPrefix(r.URL.Path, "/nfc/") || c.takeTicket(r)
	}
	if isLoggedIn(next, r) {
		return true
	}
	return strings.HasPrefix(r.URL.Path, "/folder") && (c.isAllowed(r) || c.takeTicket(r))
}

// SHA-1 as vCenter tells the certificates of its hosts.
func hostThumbprint(config *tls.Config) string {
	sum := sha1.Sum(config.Certificates[0].Certificate[0])
	bytes := make([]string, len(sum))
	for i, b := range sum {
		bytes[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(bytes, ":")
}
