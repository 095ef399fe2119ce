"""Restores a machine as the VMware target does, by VMware's own Python client: a disk by an import lease of its own, moved to the
machine and put on its controller. Reads where the server is from its first argument, and writes what it saw as JSON."""

import hashlib
import json
import ssl
import sys
import urllib.error
import urllib.request

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim, vmodl

STREAM = "application/x-vnd.vmware-streamVmdk"

told = json.loads(sys.argv[1])
trust = ssl.create_default_context(cafile=told["caFile"])
host, port = told["url"].removeprefix("https://").split(":")
session = SmartConnect(host=host, port=int(port), user=told["user"], pwd=told["password"], sslContext=trust)
content = session.RetrieveContent()
cookie = session._stub.cookie.split(";")[0].replace('"', "")


def send(url, headers=None, method="GET", data=None):
    """The status and the body of a reply."""
    request = urllib.request.Request(url, data, headers if headers is not None else {"Cookie": cookie}, method=method)
    try:
        with urllib.request.urlopen(request, context=trust) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


def read(thing, kind, *paths):
    """Properties by their names: of the whole of a task or of what a machine does, which pyVmomi asks for, it does not know all."""
    query = vmodl.query.PropertyCollector
    what = query.PropertySpec(type=kind, pathSet=list(paths))
    asked = query.FilterSpec(objectSet=[query.ObjectSpec(obj=thing)], propSet=[what])
    [found] = content.propertyCollector.RetrieveContents([asked])
    return {property.name: property.val for property in found.propSet}


def wait_for(task):
    """The result of a task. The whole of it names an entity, and for a task of the virtual disk manager the simulator puts there the
    manager, which pyVmomi does not take for one."""
    for _ in range(10_000):
        told = read(task, vim.Task, "info.state", "info.error", "info.result")
        if told["info.state"] == vim.TaskInfo.State.error:
            raise told["info.error"]
        if told["info.state"] == vim.TaskInfo.State.success:
            return told.get("info.result")
    raise TimeoutError("the task does not end")


def fault_of(call):
    try:
        call()
    except Exception as fault:
        return type(fault).__name__


def disks_of(vm):
    return [device for device in vm.config.hardware.device if isinstance(device, vim.vm.device.VirtualDisk)]


def file(name):
    return send(f"{told['url']}/folder/{name}?dcPath=DC0&dsName=LocalDS_0")[1]


def disk_spec(backing, capacity_kb, operation):
    controller = vim.vm.device.ParaVirtualSCSIController(key=-1, busNumber=0, sharedBus="noSharing")
    disk = vim.vm.device.VirtualDisk(key=-2, controllerKey=-1, unitNumber=0, capacityInKB=capacity_kb, backing=backing)
    return [
        vim.vm.device.VirtualDeviceSpec(operation="add", device=controller),
        vim.vm.device.VirtualDeviceSpec(operation="add", fileOperation=operation, device=disk),
    ]


def machine_spec(name, changes):
    files = vim.vm.FileInfo(vmPathName="[LocalDS_0]")
    return vim.vm.ConfigSpec(
        name=name, guestId="otherGuest64", annotation="[test]", files=files, numCPUs=1, memoryMB=64, deviceChange=changes
    )


def lend(name, capacity_kb):
    backing = vim.vm.device.VirtualDisk.FlatVer2BackingInfo(fileName="", diskMode="persistent", thinProvisioned=True)
    spec = machine_spec(name, disk_spec(backing, capacity_kb, "create"))
    lease = model.resourcePool.ImportVApp(vim.vm.VmImportSpec(configSpec=spec), model.parent)
    while lease.state == vim.HttpNfcLease.State.initializing:
        pass
    return lease


model = content.searchIndex.FindByInventoryPath("/DC0/vm/app-1")
capacity_kb = disks_of(model)[0].capacityInKB
exported = model.ExportVm()
stream = send(next(device.url for device in exported.info.deviceUrl if device.disk))[1]
exported.HttpNfcLeaseComplete()

# what is refused; who is not logged in sends nothing: the server answers before it reads, and closes the connection meanwhile
beginning = stream[:65536]
lease = lend("refused", capacity_kb)
url = lease.info.deviceUrl[0].url
own = {"Cookie": cookie}
refused = {
    "another type": send(url, {**own, "Content-Type": "text/plain"}, "POST", beginning)[0],
    "no login": send(url, {"Content-Type": STREAM}, "POST", b"")[0],
    "another key": send(url.rsplit("/", 1)[0] + "/other.vmdk", {**own, "Content-Type": STREAM}, "POST", beginning)[0],
    "no stream": send(url, {**own, "Content-Type": STREAM}, "POST", file("app-1/app-1-flat.vmdk")[:65536])[0],
}
lease.HttpNfcLeaseAbort()
late = send(url, {**own, "Content-Type": STREAM}, "POST", beginning)[0]
left = content.searchIndex.FindByInventoryPath("/DC0/vm/refused")

# the disk, in a machine of its own
lease = lend("carrier", capacity_kb)
status, _ = send(lease.info.deviceUrl[0].url, {**own, "Content-Type": STREAM}, "POST", stream)
lease.HttpNfcLeaseProgress(100)
lease.HttpNfcLeaseComplete()
carrier = content.searchIndex.FindByInventoryPath("/DC0/vm/carrier")
sent = disks_of(carrier)[0]

# the machine
made = wait_for(model.parent.CreateVM_Task(machine_spec("restored", []), model.resourcePool))
remove = vim.vm.device.VirtualDeviceSpec(operation="remove", device=sent)
wait_for(carrier.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[remove])))
center = content.searchIndex.FindByInventoryPath("/DC0")
manager = content.virtualDiskManager
place = "[LocalDS_0] restored/restored.vmdk"
wait_for(manager.MoveVirtualDisk_Task(sent.backing.fileName, center, place, center, False))
wait_for(carrier.Destroy_Task())
backing = vim.vm.device.VirtualDisk.FlatVer2BackingInfo(fileName=place, diskMode="persistent")
wait_for(made.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=disk_spec(backing, capacity_kb, None))))
wait_for(made.PowerOnVM_Task())
held = fault_of(lambda: wait_for(manager.MoveVirtualDisk_Task(place, center, "[LocalDS_0] restored/other.vmdk", center, False)))

print(
    json.dumps(
        {
            "refused": refused,
            "late": late,
            "left": left is not None,
            "sent": status,
            "disks": [disk.backing.fileName for disk in disks_of(made)],
            "held": held,
            "running": read(made, vim.VirtualMachine, "runtime.powerState")["runtime.powerState"],
        }
    )
)
Disconnect(session)
