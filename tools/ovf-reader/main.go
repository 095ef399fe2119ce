// Command ovf-reader reads an OVF package by govmomi, the Go client of VMware: its descriptor strictly, its manifest against its files, and,
// where a vCenter is named, all of it by the import that `govc import.ova` uses. It prints what it found as one JSON object.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/ovf"
	"github.com/vmware/govmomi/ovf/importer"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

type device struct {
	Type       string `json:"type"`
	Bus        *int32 `json:"bus,omitempty"`
	Controller string `json:"controller,omitempty"`
	Unit       *int32 `json:"unit,omitempty"`
	Bytes      int64  `json:"bytes,omitempty"`
	Connected  *bool  `json:"connected,omitempty"`
}

type machine struct {
	Name       string   `json:"name"`
	Version    string   `json:"version"`
	GuestID    string   `json:"guestId"`
	Processors int32    `json:"processors"`
	Cores      *int32   `json:"cores"`
	MemoryMiB  int64    `json:"memoryMib"`
	Firmware   string   `json:"firmware"`
	SecureBoot bool     `json:"secureBoot"`
	Devices    []device `json:"devices"`
}

type report struct {
	Machine machine `json:"machine"`
	// Files whose digest is that of the manifest.
	Files    []string `json:"files"`
	Networks []string `json:"networks"`
	Imported string   `json:"imported,omitempty"`
}

type options struct{ path, server, user, caFile, name string }

func main() {
	var o options
	version := flag.Bool("version", false, "print a version and end")
	flag.StringVar(&o.path, "package", "", "an .ova, or the .ovf of a folder")
	flag.StringVar(&o.server, "server", "", "address of a vCenter to import into; the password is OVF_READER_PASSWORD")
	flag.StringVar(&o.user, "user", "", "user of the vCenter")
	flag.StringVar(&o.caFile, "ca", "", "PEM of its certificate")
	flag.StringVar(&o.name, "name", "", "name of the imported machine")
	flag.Parse()
	if *version {
		fmt.Println("ovf-reader 1")
		return
	}
	found, err := read(context.Background(), o)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(found)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "ovf-reader:", err)
		os.Exit(1)
	}
}

func read(ctx context.Context, o options) (*report, error) {
	archive, descriptor := open(o.path)
	bytes, err := importer.ReadOvf(descriptor, archive)
	if err != nil {
		return nil, err
	}
	envelope, err := importer.ReadEnvelope(bytes)
	if err != nil {
		return nil, err
	}
	found := &report{}
	if found.Machine, err = describe(envelope); err != nil {
		return nil, err
	}
	if envelope.Network != nil {
		for _, network := range envelope.Network.Networks {
			found.Networks = append(found.Networks, network.Name)
		}
	}
	if found.Files, err = verify(archive, descriptor); err != nil {
		return nil, err
	}
	if o.server != "" {
		found.Imported, err = bring(ctx, o, archive, descriptor)
	}
	return found, err
}

func open(path string) (importer.Archive, string) {
	if strings.HasSuffix(path, ".ova") {
		return &importer.TapeArchive{Path: path}, "*.ovf"
	}
	return &importer.FileArchive{Path: path}, path
}

func describe(envelope *ovf.Envelope) (machine, error) {
	spec, err := envelope.ToConfigSpecWithOptions(ovf.ToConfigSpecOptions{Strict: true})
	if err != nil {
		return machine{}, err
	}
	m := machine{
		Name: spec.Name, Version: spec.Version, GuestID: spec.GuestId, Processors: spec.NumCPUs, Cores: spec.NumCoresPerSocket,
		MemoryMiB: spec.MemoryMB, Firmware: spec.Firmware,
	}
	if boot := spec.BootOptions; boot != nil && boot.EfiSecureBootEnabled != nil {
		m.SecureBoot = *boot.EfiSecureBootEnabled
	}
	var devices object.VirtualDeviceList
	for _, change := range spec.DeviceChange {
		devices = append(devices, change.GetVirtualDeviceConfigSpec().Device)
	}
	for _, d := range devices {
		m.Devices = append(m.Devices, tell(devices, d))
	}
	return m, nil
}

func tell(devices object.VirtualDeviceList, d types.BaseVirtualDevice) device {
	common := d.GetVirtualDevice()
	told := device{Type: devices.TypeName(d), Unit: common.UnitNumber}
	if controller, ok := d.(types.BaseVirtualController); ok {
		told.Bus = &controller.GetVirtualController().BusNumber
	}
	if disk, ok := d.(*types.VirtualDisk); ok {
		told.Bytes = disk.CapacityInBytes
		if parent := devices.FindByKey(common.ControllerKey); parent != nil {
			told.Controller = devices.TypeName(parent)
		}
	}
	if common.Connectable != nil {
		told.Connected = &common.Connectable.StartConnected
	}
	return told
}

// The files of the manifest, each with the digest that it has there.
func verify(archive importer.Archive, descriptor string) ([]string, error) {
	imp := importer.Importer{Archive: archive}
	if err := imp.ReadManifest(descriptor); err != nil {
		return nil, err
	}
	var names []string
	for name, sum := range imp.Manifest {
		file, _, err := archive.Open(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		digest := sha256.New()
		_, err = io.Copy(digest, file)
		_ = file.Close()
		if err != nil {
			return nil, err
		}
		if found := hex.EncodeToString(digest.Sum(nil)); sum.Algorithm != "SHA256" || found != sum.Checksum {
			return nil, fmt.Errorf("%s has the digest %s, not %s", name, found, sum.Checksum)
		}
		names = append(names, filepath.Base(name))
	}
	return names, nil
}

// Imports the package into the first places of the vCenter.
func bring(ctx context.Context, o options, archive importer.Archive, descriptor string) (string, error) {
	address, err := url.Parse(o.server + "/sdk")
	if err != nil {
		return "", err
	}
	channel := soap.NewClient(address, false)
	if err = channel.SetRootCAs(o.caFile); err != nil {
		return "", err
	}
	client, err := vim25.NewClient(ctx, channel)
	if err != nil {
		return "", err
	}
	manager := session.NewManager(client)
	if err = manager.Login(ctx, url.UserPassword(o.user, os.Getenv("OVF_READER_PASSWORD"))); err != nil {
		return "", err
	}
	defer func() { _ = manager.Logout(ctx) }()
	finder := find.NewFinder(client)
	imp := importer.Importer{
		Log: func(string) (int, error) { return 0, nil }, Name: o.name, Client: client, Finder: finder, Archive: archive,
	}
	if imp.Datacenter, err = finder.Datacenter(ctx, "DC0"); err != nil {
		return "", err
	}
	finder.SetDatacenter(imp.Datacenter)
	folders, err := imp.Datacenter.Folders(ctx)
	if err != nil {
		return "", err
	}
	imp.Folder = folders.VmFolder
	if imp.Datastore, err = finder.Datastore(ctx, "LocalDS_0"); err != nil {
		return "", err
	}
	if imp.ResourcePool, err = finder.ResourcePool(ctx, "DC0_C0/Resources"); err != nil {
		return "", err
	}
	entity, err := imp.Import(ctx, descriptor, importer.Options{Name: &o.name})
	if err != nil {
		return "", err
	}
	return entity.Value, nil
}
