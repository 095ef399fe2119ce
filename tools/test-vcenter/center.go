package main

import (
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
)

// What the extensions share: the simulator, and what it does not know of its machines. Who holds `mu` and the lock of a
// machine took the lock of the machine first.
type center struct {
	service  *simulator.Service
	registry *simulator.Registry
	content  types.ServiceContent
	// Folder of files that no client sees: what guests write while a snapshot holds the files of the datastore still.
	private string

	user, password string
	// SHA-1 of the certificate, as vCenter tells that of its hosts.
	hostThumbprint string
	transfers      transfers
	leaseSeconds   atomic.Int64
	automation     automation
	// Where clients inside the program log in as those outside do.
	address *url.URL

	mu       sync.Mutex
	machines map[types.ManagedObjectReference]*machine
	settings settings
	// Files of datastores that tests have locked.
	locked  map[string]bool
	leases  map[string]*lease
	tickets map[string]ticket
}

// What tests may switch; see README.md.
type settings struct {
	// Bytes of a block of change tracking.
	granularity int64
	// Areas in one reply.
	areasPerReply int
	// Snapshots that fail because the guest does not come to rest, from the next one on.
	quiesceFaults int
	// No room is left in the datastores.
	full bool
	// Of the extents of snapshots that are taken from now on.
	deltas *deltaFormat
	// Without progress for so long a lease ends.
	leaseTimeout time.Duration
	// Removed snapshots leave their files behind.
	keepFiles bool
	// The reply to ExportSnapshot comes so long after its lease was made.
	exportReply time.Duration
	// The addresses of leases are those of the host.
	leasesAtHost bool
	// All that the user holds of what the calls of backups and restores want; all of it where none is named.
	privileges []string
	// The datastores are of a type that has no files with the bytes of disks.
	withoutExtents bool
	// The user lacks the right to files of datastores.
	foldersRefused bool
}

func newCenter(o options, model *simulator.Model, private string) *center {
	made := &center{
		service:  model.Service,
		registry: model.Map(),
		content:  model.ServiceContent,
		private:  private,
		user:     o.user,
		password: o.password,
		machines: map[types.ManagedObjectReference]*machine{},
		settings: settings{granularity: o.granularity, areasPerReply: 2000, deltas: deltaFormats["sesparse"]},
		locked:   map[string]bool{},
		leases:   map[string]*lease{},
		tickets:  map[string]ticket{},
	}
	made.automation.paths, made.automation.rights = "all", "all"
	made.setLeaseTimeout(300)
	made.registry.AddHandler(leaseKeeper{made})
	return made
}

func (c *center) setLeaseTimeout(seconds int64) {
	c.leaseSeconds.Store(seconds)
	c.settings.leaseTimeout = time.Duration(seconds) * time.Second
}

// A client inside the program.
func (c *center) client() *vim25.Client {
	return &vim25.Client{RoundTripper: c.service, ServiceContent: c.content}
}

// Learns of the machines that are there from the start.
func (c *center) begin() error {
	for _, entity := range c.registry.All("VirtualMachine") {
		if vm, ok := entity.(*simulator.VirtualMachine); ok {
			if err := c.withMachine(vm.Name, func(*simulator.VirtualMachine, *machine) error { return nil }); err != nil {
				return err
			}
		}
	}
	return nil
}

// A context that shares its locks with no other.
func (c *center) context() *simulator.Context {
	return &simulator.Context{Map: c.registry, Context: c.service.Context.Context}
}

// The file of the datastore that is named `[datastore] folder/name`.
func (c *center) fileOf(name string) (string, bool) {
	return datastoreFile(c.registry, name)
}

func datastoreFile(registry *simulator.Registry, name string) (string, bool) {
	datastore, file, ok := strings.Cut(strings.TrimPrefix(name, "["), "] ")
	if !ok || strings.Contains(file, "..") {
		return "", false
	}
	for _, entity := range registry.All("Datastore") {
		if found, ok := entity.(*simulator.Datastore); ok && found.Name == datastore {
			return filepath.Join(found.Summary.Url, file), true
		}
	}
	return "", false
}
