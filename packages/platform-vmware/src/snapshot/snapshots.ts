import { type Call, SendenseError } from '@sendense/core';
import { parseDevices, type VimDisk } from '../inventory/parse-devices.ts';
import { readProperties } from '../properties/read-properties.ts';
import { runTask, type TaskCall } from '../properties/wait-for-task.ts';
import type { VimClient } from '../session/vim-client.ts';
import { managedObjectOf } from '../soap/read-element.ts';
import type { ManagedObject } from '../soap/vim-value.ts';

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
      'RemoveSnapshot_Task',
      snapshot,
      [
        ['removeChildren', false],
        ['consolidate', true],
      ],
      call,
    );
  } catch (error) {
    if (!SendenseError.is(error, 'NOT_FOUND')) throw error;
  }
}

/** The disks of a snapshot, frozen at its instant. */
export async function readSnapshotDisks(
  client: VimClient,
  snapshot: ManagedObject,
  call?: Call,
): Promise<readonly VimDisk[]> {
  const properties = { type: 'VirtualMachineSnapshot', paths: ['config.hardware'] };
  const [found] = await readProperties(client, [snapshot], properties, call);
  return parseDevices(found?.values.get('config.hardware')).disks;
}
