import { type Call, SendenseError } from '@sendense/core';
import { isGone } from '../map-error.ts';
import { runTask } from '../properties/wait-for-task.ts';
import type { VimClient } from '../session/vim-client.ts';
import { managedObjectOf } from '../soap/read-element.ts';
import type { ManagedObject, VimObject } from '../soap/vim-value.ts';

/** Where a machine is made. */
export type MachinePlace = {
  readonly folder: ManagedObject;
  readonly pool: ManagedObject;
  readonly host: ManagedObject | undefined;
};

/** Makes a machine of a `VirtualMachineConfigSpec`. Rejects with `ALREADY_EXISTS`, `INCOMPATIBLE`, `NO_SPACE`, `PERMISSION_DENIED`. */
export async function createMachine(
  client: VimClient,
  spec: VimObject,
  { folder, pool, host }: MachinePlace,
  call?: Call,
): Promise<ManagedObject> {
  const fields = [
    ['config', spec],
    ['pool', pool],
    ['host', host],
  ] as const;
  const made = managedObjectOf(await runTask(client, 'CreateVM_Task', folder, fields, call));
  if (made !== undefined) return made;
  throw new SendenseError('PROTOCOL_VIOLATION', 'the result of CreateVM_Task names no machine', {
    operation: 'vim-CreateVM_Task',
    effect: 'unknown',
  });
}

/** Changes a machine as a `VirtualMachineConfigSpec` says. */
export async function reconfigureMachine(
  client: VimClient,
  machine: ManagedObject,
  spec: VimObject,
  call?: Call,
): Promise<void> {
  await runTask(client, 'ReconfigVM_Task', machine, [['spec', spec]], call);
}

/** Removes a machine that is off, with its files. Resolves with whether it was there. */
export async function destroyMachine(
  client: VimClient,
  machine: ManagedObject,
  call?: Call,
): Promise<boolean> {
  try {
    await runTask(client, 'Destroy_Task', machine, [], call);
    return true;
  } catch (error) {
    if (isGone(error, machine)) return false;
    throw error;
  }
}

/** Gives a machine another name; its files keep theirs. */
export async function renameMachine(
  client: VimClient,
  machine: ManagedObject,
  name: string,
  call?: Call,
): Promise<void> {
  await runTask(client, 'Rename_Task', machine, [['newName', encodeName(name)]], call);
}

/** Starts a machine, or stops one at once. */
export async function switchMachine(
  client: VimClient,
  machine: ManagedObject,
  to: 'on' | 'off',
  call?: Call,
): Promise<void> {
  await runTask(client, to === 'on' ? 'PowerOnVM_Task' : 'PowerOffVM_Task', machine, [], call);
}

/** Names of vSphere hold `/`, `\` and `%` as `%2f`, `%5c` and `%25`. */
function encodeName(name: string): string {
  return name.replaceAll('%', '%25').replaceAll('/', '%2f').replaceAll('\\', '%5c');
}
