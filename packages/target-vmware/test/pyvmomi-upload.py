"""Puts a flat disk on a datastore as the VMware target does, by VMware's own Python client: descriptor and extent by the file
service into the folder of a machine, which then gets the disk. Reads where the server is and which file to send from its arguments, and
writes what it saw as JSON."""

import json
import ssl
import sys
import urllib.error
import urllib.request

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim

told = json.loads(sys.argv[1])
with open(sys.argv[2], "rb") as source:
    extent = source.read()
trust = ssl.create_default_context(cafile=told["caFile"])
host, port = told["url"].removeprefix("https://").split(":")
session = SmartConnect(host=host, port=int(port), user=told["user"], pwd=told["password"], sslContext=trust)
content = session.RetrieveContent()
own = {"Cookie": session._stub.cookie.split(";")[0].replace('"', "")}
model = content.searchIndex.FindByInventoryPath("/DC0/vm/app-1")
PLACE = "?dcPath=DC0&dsName=LocalDS_0"


def send(name, data=None, method="GET", headers=own):
    """The status and the body of a reply to a request for a file of the datastore."""
    request = urllib.request.Request(f"{told['url']}/folder/{name}{PLACE}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, context=trust) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


def control(verb, **request):
    with urllib.request.urlopen(f"{told['controlUrl']}/{verb}", json.dumps(request).encode()) as reply:
        return json.load(reply)


def wait_for(task):
    """The one of pyVim 6.7 takes the name of a task for another object."""
    while task.info.state in (vim.TaskInfo.State.queued, vim.TaskInfo.State.running):
        pass
    if task.info.state == vim.TaskInfo.State.error:
        raise task.info.error
    return task.info.result


def descriptor(flat):
    return "\n".join(
        [
            "# Disk DescriptorFile",
            "version=1",
            "CID=12345678",
            "parentCID=ffffffff",
            'createType="vmfs"',
            f'RW {len(extent) // 512} VMFS "{flat}"',
            'ddb.adapterType = "lsilogic"',
            "",
        ]
    ).encode()


files = vim.vm.FileInfo(vmPathName="[LocalDS_0]")
spec = vim.vm.ConfigSpec(name="uploaded", guestId="otherGuest64", files=files, numCPUs=1, memoryMB=64)
made = wait_for(model.parent.CreateVM_Task(spec, model.resourcePool))

parts = {"Content-Range": f"bytes 0-511/{len(extent)}"}
refused = {
    "no login": send("uploaded/disk-flat.vmdk", b"", "PUT", {})[0],
    "a part": send("uploaded/disk-flat.vmdk", extent[:512], "PUT", {**own, **parts})[0],
}
control("settings", full=True)
refused["no room"] = send("uploaded/disk-flat.vmdk", extent[:512], "PUT")[0]
control("settings", full=False)
before = send("uploaded/disk-flat.vmdk")[0]
sent = [
    send("uploaded/disk-flat.vmdk", extent, "PUT")[0],
    send("uploaded/disk.vmdk", descriptor("disk-flat.vmdk"), "PUT")[0],
]

controller = vim.vm.device.ParaVirtualSCSIController(key=-1, busNumber=0, sharedBus="noSharing")
backing = vim.vm.device.VirtualDisk.FlatVer2BackingInfo(fileName="[LocalDS_0] uploaded/disk.vmdk", diskMode="persistent")
disk = vim.vm.device.VirtualDisk(
    key=-2, controllerKey=-1, unitNumber=0, capacityInKB=len(extent) // 1024, backing=backing
)
devices = [vim.vm.device.VirtualDeviceSpec(operation="add", device=device) for device in (controller, disk)]
wait_for(made.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=devices)))
wait_for(made.PowerOnVM_Task())
[attached] = [device for device in made.config.hardware.device if isinstance(device, vim.vm.device.VirtualDisk)]
# the machine that runs holds its disk
running = send("uploaded/disk-flat.vmdk", b"other", "PUT")[0]
wait_for(made.PowerOffVM_Task())
read = send("uploaded/disk-flat.vmdk")[1]
removed = send("uploaded/letter.txt", b"x", "PUT")[0], send("uploaded/letter.txt", None, "DELETE")[0]
gone = send("uploaded/letter.txt")[0]
Disconnect(session)

print(
    json.dumps(
        {
            "refused": refused,
            "before": before,
            "sent": sent,
            "disk": [attached.backing.fileName, attached.capacityInKB * 1024],
            "running": running,
            "isWhole": read == extent,
            "removed": [*removed, gone],
        }
    )
)
