"""Reads a frozen disk from its host as the VMware source does, by VMware's own Python client: a snapshot of a guest at rest, and a
ticket for each request. Reads where the server is from its first argument, and writes what it saw as JSON."""

import hashlib
import http.client
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
machine = content.searchIndex.FindByInventoryPath("/DC0/vm/app-1")
# by this name the server is the host
at_host = f"https://localhost:{port}"
flat = "/folder/app-1/app-1-flat.vmdk?dsName=LocalDS_0"


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


def fault_of(call):
    try:
        call()
    except Exception as fault:
        return type(fault).__name__


def take(quiesce):
    wait_for(machine.CreateSnapshot_Task(name="at rest", description="", memory=False, quiesce=quiesce))
    [node] = machine.snapshot.rootSnapshotList
    return node


def remove(node):
    wait_for(node.snapshot.RemoveSnapshot_Task(removeChildren=False))


def ticket_for(path, method="httpGet"):
    spec = vim.SessionManager.HttpServiceRequestSpec(method=method, url=at_host + path)
    return content.sessionManager.AcquireGenericServiceTicket(spec)


def fetch(path, ticket, byte_range=None):
    """The status and body of a reply of the host, whose certificate must be the one of its ticket."""
    unnamed = ssl.create_default_context()
    unnamed.check_hostname, unnamed.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("localhost", int(port), context=unnamed)
    connection.connect()
    seen = hashlib.sha1(connection.sock.getpeercert(True)).hexdigest()
    if seen != ticket.sslThumbprint.replace(":", "").lower():
        raise ValueError("the host shows another certificate than its ticket names")
    headers = {"Cookie": f"vmware_cgi_ticket={ticket.id}", "Connection": "close"}
    connection.request("GET", path, headers={**headers, **({"Range": byte_range} if byte_range else {})})
    reply = connection.getresponse()
    result = reply.status, reply.read()
    connection.close()
    return result


wait_for(machine.PowerOnVM_Task())
held, _ = fetch(flat, ticket_for(flat))

# the guest comes to rest, does not, and need not
control("settings", quiesceFaults=1)
restless = fault_of(lambda: take(True))
kept = machine.snapshot
rest = {}
for quiesce in (True, False):
    node = take(quiesce)
    rest[str(quiesce)] = node.quiesced
    remove(node)

frozen = take(True)
control("guest-write", machine="app-1", offsetBytes=0, seed="later", length=1000)
whole_ticket = ticket_for(flat)
status, whole = fetch(flat, whole_ticket)
part_status, part = fetch(flat, ticket_for(flat), "bytes=4096-8191")
refused = {
    "a second time": fetch(flat, whole_ticket)[0],
    "another file": fetch(flat.replace("-flat", ""), ticket_for(flat))[0],
    "another method": fetch(flat, ticket_for(flat, "httpPut"))[0],
}
remove(frozen)
Disconnect(session)

print(
    json.dumps(
        {
            "held": held,
            "restless": restless,
            "noneIsLeft": kept is None,
            "rest": rest,
            "status": status,
            "sha256": hashlib.sha256(whole).hexdigest(),
            "part": [part_status, part == whole[4096:8192]],
            "refused": refused,
        }
    )
)
