import { type Call, type MachineRef, type MachineSummary, SendenseError } from '@sendense/core';
import {
  type DescribedMachine,
  describeMachine,
  findMachine,
  type ManagedObject,
  type VimMachineSummary,
} from '@sendense/platform-vmware';
import type { Connection } from './context.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The reference of a machine: its instance UUID, which it keeps when it is registered again, where it has one; templates and
 * machines without are known by the id of their object.
 */
export function refOf(
  { id: connection }: Connection,
  machine: { readonly object: ManagedObject; readonly instanceUuid: string | undefined },
): MachineRef {
  return { connection, id: machine.instanceUuid ?? machine.object.id };
}

/** A line of the inventory. */
export function summaryOf(connection: Connection, machine: VimMachineSummary): MachineSummary {
  const { name, power } = machine;
  return { machine: refOf(connection, machine), name, power };
}

/** The machine of a reference as it is now. Rejects with `NOT_FOUND`, also for a machine of another server. */
export async function describeRef(
  { vim, id }: Connection,
  ref: MachineRef,
  call?: Call,
): Promise<DescribedMachine> {
  if (ref.connection !== id) {
    throw new SendenseError('NOT_FOUND', `the machine ${ref.id} belongs to another server than ${vim.host}`, {
      operation: 'find-machine',
      context: { connection: ref.connection },
      remedy: 'open a source for its vCenter or ESXi',
    });
  }
  const object = UUID.test(ref.id)
    ? await findMachine(vim, ref.id, call)
    : { type: 'VirtualMachine', id: ref.id };
  return describeMachine(vim, object, call);
}
