import { type Call, SendenseError } from '@sendense/core';
import { parseDevices, type VimDisk } from '../inventory/parse-devices.ts';
import { isFault } from '../map-error.ts';
import { readProperties } from '../properties/read-properties.ts';
import { runTask, type TaskCall } from '../properties/wait-for-task.ts';
import type { VimClient } from '../session/vim-client.ts';
import { managedObjectOf } from '../soap/read-element.ts';
import type { ManagedObject } from '../soap/vim-value.ts';

const REMOVE = 'RemoveSnapshot_Task';

/** A snapshot to take. Memory is never in it: a backup needs disks. */
export type SnapshotRequest = {
  readonly name: string;
  readonly description: string;
  /** Whether VMware Tools bring the guest to rest first. */
  readonly quiesce: boolean;
};

/** Takes a snapshot of all disks at one instant. Rejects with `QUIESCE_FAILED`, `SNAPSHOT_FAILED`, `LOCKED`. */
export async function createSnapshot(
  client: VimClient,
  machine: ManagedObject,
  { name, description, quiesce }: SnapshotRequest,
  call?: TaskCall,
): Promise<ManagedObject> {
  const result = await runTask(
    client,
    'CreateSnapshot_Task',
    machine,
    [
      ['name', name],
      ['description', description],
      ['memory', false],
      ['quiesce', quiesce],
    ],
    call,
  );
  const snapshot = managedObjectOf(result);
  if (snapshot !== undefined) return snapshot;
  throw new SendenseError('PROTOCOL_VIOLATION', 'the task of the snapshot ended without a snapshot', {
    operation: 'create-snapshot',
    effect: 'unknown',
    context: { machine: machine.id },
  });
}

/** Removes a snapshot and merges its disks; those taken after it stay. One that is gone already is as good. */
export async function removeSnapshot(
  client: VimClient,
  snapshot: ManagedObject,
  call?: TaskCall,
): Promise<void> {
  try {
    await runTask(
      client,
      REMOVE,
      snapshot,
      [
        ['removeChildren', false],
        ['consolidate', true],
      ],
      call,
    );
  } catch (error) {
    if (!isGone(error, snapshot)) throw error;
  }
}

/** Whether the call or its task says so of the snapshot: the task, or what a disk needs, can be gone while it is there. */
function isGone(error: unknown, { id }: ManagedObject): boolean {
  if (!isFault(error, 'ManagedObjectNotFound')) return false;
  return error.context.method === REMOVE && error.context.object === id;
}

/**
 * The disks of a snapshot, frozen at its instant. Rejects with `NOT_FOUND`, and with `PERMISSION_DENIED` or
 * `PROTOCOL_VIOLATION` when the server does not tell the hardware: that is not the same as to have no disks.
 */
export async function readSnapshotDisks(
  client: VimClient,
  snapshot: ManagedObject,
  call?: Call,
): Promise<readonly VimDisk[]> {
  const properties = { type: 'VirtualMachineSnapshot', paths: ['config.hardware'] };
  const [found] = await readProperties(client, [snapshot], properties, call);
  const hardware = found?.values.get('config.hardware');
  if (hardware === undefined) throw untold(snapshot, (found?.missing.length ?? 0) > 0);
  return parseDevices(hardware).disks;
}

function untold({ id }: ManagedObject, withheld: boolean): SendenseError {
  const details = { operation: 'read-snapshot-disks', context: { snapshot: id } };
  if (withheld) {
    return new SendenseError('PERMISSION_DENIED', `the server withholds the disks of the snapshot ${id}`, {
      ...details,
      remedy: 'grant System.View and System.Read on the machine to the user',
    });
  }
  return new SendenseError('PROTOCOL_VIOLATION', `the server does not tell the disks of the snapshot ${id}`, {
    ...details,
    remedy: 'look at the machine in vCenter: its host may be away; then repeat it',
  });
}
