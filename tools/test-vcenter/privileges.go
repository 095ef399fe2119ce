package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// What each call of a backup or a restore wants, by the "Required Privileges" of its method in the vSphere Web Services API
// reference; what others want is not checked. Its `AcquireGenericServiceTicket` wants `System.Anonymous`, what looks at objects
// `System.View`, and the calls of a lease name none: any user has those.
var methodPrivileges = map[string][]string{
	"CreateVM_Task":            {"VirtualMachine.Inventory.Create", "Resource.AssignVMToPool", "Datastore.AllocateSpace"},
	"ImportVApp":               {"VApp.Import", "Datastore.AllocateSpace"},
	"CreateSnapshot_Task":      {"VirtualMachine.State.CreateSnapshot"},
	"CreateSnapshotEx_Task":    {"VirtualMachine.State.CreateSnapshot"},
	"RemoveSnapshot_Task":      {"VirtualMachine.State.RemoveSnapshot"},
	"RemoveAllSnapshots_Task":  {"VirtualMachine.State.RemoveSnapshot"},
	"ConsolidateVMDisks_Task":  {"VirtualMachine.State.RemoveSnapshot"},
	"RevertToSnapshot_Task":    {"VirtualMachine.State.RevertToSnapshot"},
	"QueryChangedDiskAreas":    {"VirtualMachine.Provisioning.DiskRandomRead"},
	"ExportSnapshot":           {"VApp.Export"},
	"ExportVm":                 {"VApp.Export"},
	"Destroy_Task":             {"VirtualMachine.Inventory.Delete"},
	"Rename_Task":              {"VirtualMachine.Config.Rename"},
	"PowerOnVM_Task":           {"VirtualMachine.Interact.PowerOn"},
	"PowerOffVM_Task":          {"VirtualMachine.Interact.PowerOff"},
	"MoveVirtualDisk_Task":     {"Datastore.FileManagement"},
	"DeleteVirtualDisk_Task":   {"Datastore.FileManagement"},
	"DeleteDatastoreFile_Task": {"Datastore.FileManagement"},
}

// What a file of a datastore wants by HTTP, to be read as to be written: "Privilege Requirements for HTTP Access" of the vSphere
// Web Services SDK Programming Guide. What a host asks of who shows a ticket is not known to us: nothing here.
var filePrivileges = []string{"Datastore.Browse", "Datastore.FileManagement"}

// An element of a call.
type node struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Nodes   []node     `xml:",any"`
	Text    string     `xml:",chardata"`
}

func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	for i := range n.Nodes {
		if n.Nodes[i].XMLName.Local == name {
			return &n.Nodes[i]
		}
	}
	return nil
}

func (n *node) attribute(name string) string {
	if n == nil {
		return ""
	}
	for _, attr := range n.Attrs {
		if attr.Name.Local == name {
			return attr.Value
		}
	}
	return ""
}

// The privileges that a call wants.
func wantedBy(call *node) []string {
	wanted := slices.Clone(methodPrivileges[call.XMLName.Local])
	switch call.XMLName.Local {
	case "CreateVM_Task":
		return append(wanted, wantedToCreate(call.child("config"))...)
	case "ImportVApp":
		return append(wanted, wantedToCreate(call.child("spec").child("configSpec"))...)
	case "ReconfigVM_Task":
		return append(wanted, wantedToChange(call.child("spec"))...)
	}
	return wanted
}

func wantedToCreate(config *node) []string {
	if config == nil {
		return nil
	}
	var wanted []string
	for i := range config.Nodes {
		field := &config.Nodes[i]
		switch field.XMLName.Local {
		case "extraConfig":
			wanted = append(wanted, "VirtualMachine.Config.AdvancedConfig")
		case "changeTrackingEnabled":
			wanted = append(wanted, "VirtualMachine.Config.ChangeTracking")
		case "deviceChange":
			if privilege := ofDisk(field); privilege != "" {
				wanted = append(wanted, privilege)
			} else if isCard(field) {
				wanted = append(wanted, "Network.Assign")
			}
		}
	}
	return wanted
}

func wantedToChange(spec *node) []string {
	if spec == nil {
		return nil
	}
	var wanted []string
	for i := range spec.Nodes {
		field := &spec.Nodes[i]
		switch field.XMLName.Local {
		case "name":
			wanted = append(wanted, "VirtualMachine.Config.Rename")
		case "annotation":
			wanted = append(wanted, "VirtualMachine.Config.Annotation")
		case "changeTrackingEnabled":
			wanted = append(wanted, "VirtualMachine.Config.ChangeTracking")
		case "extraConfig":
			wanted = append(wanted, "VirtualMachine.Config.AdvancedConfig")
		case "deviceChange":
			if privilege := ofDisk(field); privilege != "" {
				wanted = append(wanted, privilege)
			} else {
				wanted = append(wanted, "VirtualMachine.Config.AddRemoveDevice")
			}
		}
	}
	return wanted
}

// What a change of a disk wants; empty for one of another device.
func ofDisk(change *node) string {
	device := change.child("device")
	kind := device.attribute("type")
	if kind[strings.LastIndex(kind, ":")+1:] != "VirtualDisk" {
		return ""
	}
	switch {
	case change.child("operation") != nil && change.child("operation").Text == "remove":
		return "VirtualMachine.Config.RemoveDisk"
	case change.child("fileOperation") != nil:
		return "VirtualMachine.Config.AddNewDisk"
	default:
		return "VirtualMachine.Config.AddExistingDisk"
	}
}

func isCard(change *node) bool {
	kind := change.child("device").child("backing").attribute("type")
	return strings.Contains(kind, "VirtualEthernetCard")
}

const noPermission = `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ` +
	`xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault><faultcode>ServerFaultCode</faultcode>` +
	`<faultstring>Permission to perform this operation was denied.</faultstring><detail><NoPermissionFault xmlns="urn:vim25" ` +
	`xsi:type="NoPermission"><object type="%s">%s</object><privilegeId>%s</privilegeId></NoPermissionFault></detail>` +
	`</soapenv:Fault></soapenv:Body></soapenv:Envelope>`

// Stands before the calls of a user who has some privileges only: the stock simulator checks none.
func (c *center) guardCalls(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		held := c.settings.privileges
		c.mu.Unlock()
		if len(held) == 0 || !strings.HasPrefix(r.URL.Path, "/sdk") {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		var envelope node
		if xml.Unmarshal(body, &envelope) == nil {
			if call := envelope.child("Body"); call != nil && len(call.Nodes) == 1 {
				if object, missing := missingOf(&call.Nodes[0], held); missing != "" {
					w.Header().Set("Content-Type", "text/xml; charset=utf-8")
					w.WriteHeader(http.StatusInternalServerError)
					_, _ = fmt.Fprintf(w, noPermission, object.attribute("type"), object.Text, missing)
					return
				}
			}
		}
		next.ServeHTTP(w, r)
	})
}

// Whether the user lacks a privilege that files want.
func (c *center) lacksFilePrivilege() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	held := c.settings.privileges
	return len(held) > 0 && slices.ContainsFunc(filePrivileges, func(wanted string) bool { return !slices.Contains(held, wanted) })
}

// The first privilege that a call wants and its user has not, and the object of the call.
func missingOf(call *node, held []string) (*node, string) {
	for _, privilege := range wantedBy(call) {
		if !slices.Contains(held, privilege) {
			return call.child("_this"), privilege
		}
	}
	return nil, ""
}
