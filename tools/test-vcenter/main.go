// Command test-vcenter is a vCenter or ESXi for tests: govmomi's simulator with a password, TLS and disks that hold bytes.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/url"
	"os"
	"path/filepath"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
)

// What the first line of standard output tells; the names are those of the command line's documentation.
type endpoint struct {
	URL          string `json:"url"`
	User         string `json:"user"`
	Password     string `json:"password"`
	CaFile       string `json:"caFile"`
	Thumbprint   string `json:"thumbprint"`
	DatastoreDir string `json:"datastoreDir"`
	// Address of the verbs of README.md.
	ControlURL string `json:"controlUrl"`
}

type options struct {
	listen, user, password, certificate, key, folder string
	esx                                              bool
	machines                                         int
	granularity                                      int64
}

func main() {
	log.SetFlags(0)
	var o options
	version := flag.Bool("version", false, "print a version and end")
	flag.StringVar(&o.listen, "listen", "127.0.0.1:0", "address and port")
	flag.StringVar(&o.user, "user", "administrator@vsphere.local", "the one user")
	flag.StringVar(&o.password, "password", "test-vcenter-password", "password of the user")
	flag.StringVar(&o.certificate, "certificate", "", "PEM of the server's certificate; without it one is made")
	flag.StringVar(&o.key, "key", "", "PEM of its key")
	flag.StringVar(&o.folder, "folder", "", "an empty folder for all files; without it one is made and removed")
	flag.BoolVar(&o.esx, "esx", false, "be a standalone ESXi")
	flag.IntVar(&o.machines, "machines", 2, "machines in each resource pool")
	flag.Int64Var(&o.granularity, "granularity", 64<<10, "bytes of a block of change tracking")
	flag.Parse()
	if *version {
		fmt.Println("test-vcenter 1")
		return
	}
	// the simulator logs each fault that a client is meant to see
	log.SetOutput(io.Discard)
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "test-vcenter:", err)
		os.Exit(1)
	}
}

// Serves until standard input closes.
func run(o options) error {
	if o.folder == "" {
		folder, err := os.MkdirTemp("", "test-vcenter-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		o.folder = folder
	}
	// the simulator makes its datastores in the folder for temporary files
	if err := os.Setenv("TMPDIR", o.folder); err != nil {
		return err
	}
	model := simulator.VPX()
	if o.esx {
		model = simulator.ESX()
	}
	model.Machine = o.machines
	if err := model.Create(); err != nil {
		return err
	}
	defer model.Remove()
	return serve(o, model)
}

// The simulator says that it is vSphere 6.5 and names a part that came later, at which clients of that age break off.
func hideNewer(registry *simulator.Registry) {
	if instance, ok := registry.Get(vim25.ServiceInstance).(*simulator.ServiceInstance); ok {
		instance.Content.TenantManager = nil
	}
}

func serve(o options, model *simulator.Model) error {
	tls, certificate, err := loadCertificate(o)
	if err != nil {
		return err
	}
	keeper := keepDisks(model.Map())
	private, err := os.MkdirTemp(o.folder, "guest-")
	if err != nil {
		return err
	}
	center := newCenter(o, model, private)
	center.hostThumbprint = hostThumbprint(tls)
	center.handleCalls()
	hideNewer(model.Map())
	model.Service.TLS = tls
	model.Service.RegisterEndpoints = true
	model.Service.Listen = &url.URL{User: url.UserPassword(o.user, o.password), Host: o.listen}
	server := model.Service.NewServer()
	defer server.Close()
	center.address = server.URL
	server.Config.Handler = center.guardCalls(center.guardTagging(center.guardFiles(server.Config.Handler)))
	if !o.esx {
		if err := addMachine(context.Background(), model); err != nil {
			return err
		}
	}
	keeper.seeding.Store(false)
	if err := center.begin(); err != nil {
		return err
	}
	control, err := center.serveControl()
	if err != nil {
		return err
	}
	caFile := filepath.Join(o.folder, "certificate.pem")
	if err := os.WriteFile(caFile, certificate.pem, 0o600); err != nil {
		return err
	}
	line := endpoint{
		URL:          "https://" + server.URL.Host,
		User:         o.user,
		Password:     o.password,
		CaFile:       caFile,
		Thumbprint:   certificate.thumbprint,
		DatastoreDir: datastoreFolder(model.Map()),
		ControlURL:   control,
	}
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
