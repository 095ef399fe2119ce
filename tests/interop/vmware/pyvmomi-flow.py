"""Backs a machine up and brings it back by VMware's own Python client. Reads where the server is from its first argument, and
writes what it saw as JSON."""

import hashlib
import json
import ssl
import sys
import urllib.request

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim

told = json.loads(sys.argv[1])
trust = ssl.create_default_context(cafile=told["caFile"])
host, port = told["url"].removeprefix("https://").split(":")
session = SmartConnect(host=host, port=int(port), user=told["user"], pwd=told["password"], sslContext=trust)
content = session.RetrieveContent()
# the cookie as pyVmomi keeps it: `vmware_soap_session="..."; Path=/; ...`
cookie = session._stub.cookie.split(";")[0].replace('"', "")


def fetch(url, headers=None, method="GET", data=None):
    request = urllib.request.Request(url, data, {"Cookie": cookie, **(headers or {})}, method=method)
    with urllib.request.urlopen(request, context=trust) as reply:
        return reply.read()


def control(verb, **request):
    with urllib.request.urlopen(f"{told['controlUrl']}/{verb}", json.dumps(request).encode()) as reply:
        return json.load(reply)


def first_disk(config):
    return next(device for device in config.hardware.device if isinstance(device, vim.vm.device.VirtualDisk))


def wait_for(task):
    """The one of pyVim 6.7 takes the name of a task for another object."""
    while task.info.state in (vim.TaskInfo.State.queued, vim.TaskInfo.State.running):
        pass
    if task.info.state == vim.TaskInfo.State.error:
        raise task.info.error


def take(name):
    wait_for(machine.CreateSnapshot_Task(name=name, description="", memory=False, quiesce=False))
    return machine.snapshot.currentSnapshot


def changes(snapshot, disk, change_id):
    areas, pages, offset = [], 0, 0
    while offset < disk.capacityInBytes:
        info = machine.QueryChangedDiskAreas(snapshot, disk.key, offset, change_id)
        areas += [[area.start, area.length] for area in info.changedArea]
        offset, pages = info.startOffset + info.length, pages + 1
    return areas, pages


def fault_of(call):
    try:
        call()
    except vim.fault.VimFault as fault:
        return type(fault).__name__
    except Exception as fault:  # runtime faults have another root
        return type(fault).__name__


def export(snapshot):
    lease = snapshot.ExportSnapshot()
    url = next(device.url for device in lease.info.deviceUrl if device.disk)
    stream = fetch(url)
    lease.HttpNfcLeaseProgress(100)
    lease.HttpNfcLeaseComplete()
    return stream


def import_disk(stream, capacity_kb):
    controller = vim.vm.device.ParaVirtualSCSIController(key=-1, busNumber=0, sharedBus="noSharing")
    backing = vim.vm.device.VirtualDisk.FlatVer2BackingInfo(fileName="", diskMode="persistent")
    disk = vim.vm.device.VirtualDisk(key=-2, controllerKey=-1, unitNumber=0, capacityInKB=capacity_kb, backing=backing)
    config = vim.vm.ConfigSpec(
        name="brought-back",
        guestId="otherGuest",
        files=vim.vm.FileInfo(vmPathName="[LocalDS_0]"),
        numCPUs=1,
        memoryMB=64,
        deviceChange=[
            vim.vm.device.VirtualDeviceSpec(operation="add", device=controller),
            vim.vm.device.VirtualDeviceSpec(operation="add", fileOperation="create", device=disk),
        ],
    )
    lease = machine.resourcePool.ImportVApp(vim.vm.VmImportSpec(configSpec=config))
    while lease.state == vim.HttpNfcLease.State.initializing:
        pass
    fetch(lease.info.deviceUrl[0].url, {"Content-Type": "application/x-vnd.vmware-streamVmdk"}, "POST", stream)
    lease.HttpNfcLeaseComplete()
    return fetch(f"{told['url']}/folder/brought-back/brought-back-flat.vmdk?dcPath=DC0&dsName=LocalDS_0")


machine = content.searchIndex.FindByInventoryPath("/DC0/vm/app-1")
flat = f"{told['url']}/folder/app-1/app-1-flat.vmdk?dcPath=DC0&dsName=LocalDS_0"


def track(enabled):
    """Switches change tracking, which takes effect with the next snapshot, also of a machine that is off."""
    wait_for(machine.ReconfigVM_Task(vim.vm.ConfigSpec(changeTrackingEnabled=enabled)))
    wait_for(take("moment").RemoveSnapshot_Task(removeChildren=False))


track(True)

first = take("first")
since = first_disk(first.config).backing.changeId
full = fetch(flat)
wait_for(first.RemoveSnapshot_Task(removeChildren=False))

for block in (3, 5, 9):
    control("guest-write", machine="app-1", offsetBytes=block * 65536 + 7, seed=f"block {block}", length=100)
control("settings", areasPerReply=2)
second = take("second")
disk = first_disk(second.config)
areas, pages = changes(second, disk, since)
copy = bytearray(full)
for start, length in areas:
    copy[start : start + length] = fetch(flat, {"Range": f"bytes={start}-{start + length - 1}"})
# while the snapshot exists the guest writes on
control("guest-write", machine="app-1", offsetBytes=0, seed="later", length=1000)
frozen = fetch(flat)
stream = export(second)
restored = import_disk(stream, disk.capacityInKB)
faults = {
    "past the end": fault_of(lambda: machine.QueryChangedDiskAreas(second, disk.key, disk.capacityInBytes, since)),
    "another epoch": fault_of(lambda: machine.QueryChangedDiskAreas(second, disk.key, 0, "00 11/1")),
}
marked = disk.backing.changeId
wait_for(second.RemoveSnapshot_Task(removeChildren=False))

# what was written while the second snapshot existed is told by the next one
third = take("third")
later, _ = changes(third, first_disk(third.config), marked)
wait_for(third.RemoveSnapshot_Task(removeChildren=False))

# off and on again: change ids of before are good for nothing, those of the new epoch are
for enabled in (False, True):
    track(enabled)
fourth = take("fourth")
faults["before a reset"] = fault_of(lambda: machine.QueryChangedDiskAreas(fourth, disk.key, 0, marked))
anew = first_disk(fourth.config).backing.changeId
wait_for(fourth.RemoveSnapshot_Task(removeChildren=False))
control("guest-write", machine="app-1", offsetBytes=7 * 65536, seed="anew", length=1)
fifth = take("fifth")
after_reset, _ = changes(fifth, first_disk(fifth.config), anew)
Disconnect(session)

print(
    json.dumps(
        {
            "areas": areas,
            "later": later,
            "afterReset": after_reset,
            "pages": pages,
            "incrementalIsTheInstant": bytes(copy) == frozen,
            "restoredIsTheInstant": restored == frozen,
            "faults": faults,
            "sha256": hashlib.sha256(frozen).hexdigest(),
        }
    )
)
