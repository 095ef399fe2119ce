package main

import (
	"fmt"
	"net/url"
	"reflect"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// Names the devices of an export as vCenter does, `/vm-42/ParaVirtualSCSIController0:1`, where the simulator counts them.
func (c *center) nameDevices(ctx *simulator.Context, reference, entity types.ManagedObjectReference, devices []types.BaseVirtualDevice) {
	object, ok := ctx.Session.Registry.Get(reference).(*simulator.HttpNfcLease)
	if !ok || object.Info == nil {
		return
	}
	info := *object.Info
	info.DeviceUrl = append([]types.HttpNfcLeaseDeviceUrl(nil), info.DeviceUrl...)
	places, next := placesOf(devices), 0
	for _, device := range devices {
		if _, ok := device.GetVirtualDevice().Backing.(types.BaseVirtualDeviceFileBackingInfo); !ok || next >= len(info.DeviceUrl) {
			continue
		}
		named := &info.DeviceUrl[next]
		named.Key = fmt.Sprintf("/%s/%s", entity.Value, places[device.GetVirtualDevice().Key])
		next++
	}
	ctx.WithLock(object, func() { ctx.Update(object, []types.PropertyChange{{Name: "info", Val: &info}}) })
}

func (c *center) atHost(device *types.HttpNfcLeaseDeviceUrl) {
	c.mu.Lock()
	defer c.mu.Unlock()
	address, err := url.Parse(device.Url)
	if !c.settings.leasesAtHost || err != nil {
		return
	}
	address.Host = hostName + ":" + address.Port()
	device.Url, device.SslThumbprint = address.String(), c.hostThumbprint
}

// `ParaVirtualSCSIController0:1` by key of the device.
func placesOf(devices []types.BaseVirtualDevice) map[int32]string {
	controllers := map[int32]string{}
	for _, device := range devices {
		if controller, ok := device.(types.BaseVirtualController); ok {
			found := controller.GetVirtualController()
			controllers[found.Key] = fmt.Sprintf("%s%d", reflect.TypeOf(device).Elem().Name(), found.BusNumber)
		}
	}
	places := map[int32]string{}
	for _, device := range devices {
		found := device.GetVirtualDevice()
		if found.UnitNumber != nil {
			places[found.Key] = fmt.Sprintf("%s:%d", controllers[found.ControllerKey], *found.UnitNumber)
		}
	}
	return places
}
