import { type Call, SendenseError } from '@sendense/core';
import { isFault } from '../map-error.ts';
import { runTask } from '../properties/wait-for-task.ts';
import type { VimClient } from '../session/vim-client.ts';
import type { ManagedObject } from '../soap/vim-value.ts';

/** Gives a disk, its descriptor and extents, another place; both are `[datastore] folder/name.vmdk`. */
export async function moveDisk(
  client: VimClient,
  datacenter: ManagedObject,
  { from, to }: { readonly from: string; readonly to: string },
  call?: Call,
): Promise<void> {
  const manager = managerOf(client.content.virtualDiskManager, 'disks');
  const fields = [
    ['sourceName', from],
    ['sourceDatacenter', datacenter],
    ['destName', to],
    ['destDatacenter', datacenter],
    ['force', false],
  ] as const;
  await runTask(client, 'MoveVirtualDisk_Task', manager, fields, call);
}

/** Removes a disk, its descriptor and extents; the one of a running machine is `LOCKED`. Resolves with whether it was there. */
export async function removeDisk(
  client: VimClient,
  datacenter: ManagedObject,
  name: string,
  call?: Call,
): Promise<boolean> {
  const manager = managerOf(client.content.virtualDiskManager, 'disks');
  return await wasThere(runTask(client, 'DeleteVirtualDisk_Task', manager, named(datacenter, name), call));
}

/** Whether there is a disk `[datastore] folder/name.vmdk`; asks for its UUID, which every kind of datastore tells. */
export async function isDiskThere(
  client: VimClient,
  datacenter: ManagedObject,
  name: string,
  call?: Call,
): Promise<boolean> {
  const manager = managerOf(client.content.virtualDiskManager, 'disks');
  return await wasThere(client.invoke('QueryVirtualDiskUuid', manager, named(datacenter, name), call));
}

/** Removes a file, or a folder with all that is in it. Resolves with whether it was there. */
export async function removeFile(
  client: VimClient,
  datacenter: ManagedObject,
  name: string,
  call?: Call,
): Promise<boolean> {
  const manager = managerOf(client.content.fileManager, 'files');
  return await wasThere(runTask(client, 'DeleteDatastoreFile_Task', manager, named(datacenter, name), call));
}

function named(datacenter: ManagedObject, name: string) {
  return [
    ['name', name],
    ['datacenter', datacenter],
  ] as const;
}

/** A datacenter or a manager that is not there is no file that is not there. */
async function wasThere(done: Promise<unknown>): Promise<boolean> {
  try {
    await done;
    return true;
  } catch (error) {
    if (isFault(error, 'FileNotFound')) return false;
    throw error;
  }
}

function managerOf(manager: ManagedObject | undefined, what: string): ManagedObject {
  if (manager !== undefined) return manager;
  throw new SendenseError('UNSUPPORTED', `the server has no manager of ${what} of datastores`, {
    operation: 'change-datastore',
    remedy: 'use a vCenter, or an ESXi that is not older than 6.5',
  });
}
