import type { Call, PlannedDisk } from '@sendense/core';
import { carrierName, type FoundMachine, machinesIn } from './find-machines.ts';
import { machineKnownAs } from './known-machine.ts';
import type { RestoreScope } from './restore-scope.ts';

/*
 * A machine of a restore is known by its id and UUID from when they are saved. Notes and names are their users', and clones have the same notes:
 * they count only for a machine whose making was begun and whose id was not saved any more.
 */

/** The machine that is restored; `undefined` before it is made, and when it is gone. */
export async function findRestored(scope: RestoreScope, call?: Call): Promise<FoundMachine | undefined> {
  const { client, details, memory, plan } = scope;
  if (memory.machine !== null) return await machineKnownAs(client, memory.machine, call);
  if (memory.phase === 'writing') return undefined;
  return await begunAs(scope, [details.name, plan.id], call);
}

/** The machine that holds a disk until the commit. */
export async function findCarrier(
  scope: RestoreScope,
  { id, number }: PlannedDisk,
  call?: Call,
): Promise<FoundMachine | undefined> {
  const { client, memory, plan } = scope;
  const { carrier } = memory.disk(id);
  if (carrier !== null) return await machineKnownAs(client, carrier, call);
  return await begunAs(scope, [carrierName(plan.id, number)], call);
}

async function begunAs(
  { client, details, plan }: RestoreScope,
  names: readonly string[],
  call: Call | undefined,
): Promise<FoundMachine | undefined> {
  const machines = await machinesIn(client, details.folder, call);
  return machines.find(({ mark, name }) => mark?.plan === plan.id && names.includes(name));
}
