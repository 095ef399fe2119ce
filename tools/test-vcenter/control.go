package main

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
)

// What tests may ask for: by name, with JSON in and out.
type verb func(body *json.Decoder) (any, error)

func verbOf[Request any](run func(Request) (any, error)) verb {
	return func(body *json.Decoder) (any, error) {
		var request Request
		body.DisallowUnknownFields()
		if err := body.Decode(&request); err != nil {
			return nil, err
		}
		return run(request)
	}
}

// Serves the verbs on a port of its own of the loopback, without TLS. Returns its address.
func (c *center) serveControl() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	verbs := c.verbs()
	go func() {
		_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			found, ok := verbs[strings.TrimPrefix(r.URL.Path, "/")]
			if !ok || r.Method != http.MethodPost {
				http.NotFound(w, r)
				return
			}
			result, err := found(json.NewDecoder(r.Body))
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			_ = json.NewEncoder(w).Encode(result)
		}))
	}()
	return "http://" + listener.Addr().String(), nil
}

func (c *center) verbs() map[string]verb {
	return map[string]verb{
		"disks":           verbOf(c.listDisks),
		"guest-write":     verbOf(c.guestWrite),
		"reset-tracking":  verbOf(c.resetTracking),
		"damage-tracking": verbOf(c.damageTracking),
		"resize":          verbOf(c.resize),
		"move":            verbOf(c.move),
		"lock":            verbOf(c.lock),
		"settings":        verbOf(c.adjust),
		"transfer-faults": verbOf(c.setTransferFaults),
		"transfer-count":  verbOf(c.takeTransferCount),
		"datastore-type":  verbOf(c.setDatastoreType),
		"tag":             verbOf(c.tag),
		"tags-of":         verbOf(c.tagsOf),
		"tagging-count":   verbOf(c.takeAutomationCount),
		"count-leases":    verbOf(c.countLeases),
		"expire-leases":   verbOf(c.expireLeases),
		"expire-sessions": verbOf(c.expireSessions),
	}
}
