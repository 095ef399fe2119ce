import { type Call, SendenseError } from '@sendense/core';
import type { VimClient } from '@sendense/platform-vmware';
import { z } from 'zod';
import { type FoundMachine, machineOfId } from './find-machines.ts';

/**
 * What a restore saves of a machine. A vCenter that was put back to a backup of its own gives ids a second time; the `instanceUuid`,
 * which it keeps unique, tells such a machine from the one that was meant. It is `null` where it was not read.
 */
export const knownSchema = z.union([
  z.object({ id: z.string(), instanceUuid: z.string().nullable() }),
  // states of before hold the id alone
  z.string().transform((id) => ({ id, instanceUuid: null })),
]);

/** See {@link knownSchema}. */
export type KnownMachine = z.infer<typeof knownSchema>;

/** What is saved of a machine that was found. */
export function knownAs({ object, instanceUuid }: FoundMachine): KnownMachine {
  return { id: object.id, instanceUuid: instanceUuid ?? null };
}

/** What is saved of a machine that was made just now. */
export async function knownOf(client: VimClient, id: string, call?: Call): Promise<KnownMachine> {
  const found = await machineOfId(client, id, call);
  return found === undefined ? { id, instanceUuid: null } : knownAs(found);
}

/** Whether a machine that was found is the one that was saved. */
export function isKnown(known: KnownMachine, { object, instanceUuid }: FoundMachine): boolean {
  return object.id === known.id && (known.instanceUuid === null || known.instanceUuid === instanceUuid);
}

/**
 * The machine that was saved, wherever it is now and whatever it is called; `undefined` when it is gone, also when another one has its
 * id. Rejects with `LOCKED` while the server cannot tell which one it is, as for one on a datastore that is not reachable.
 */
export async function machineKnownAs(
  client: VimClient,
  known: KnownMachine,
  call?: Call,
): Promise<FoundMachine | undefined> {
  const found = await machineOfId(client, known.id, call);
  if (found === undefined || isKnown(known, found)) return found;
  if (found.instanceUuid !== undefined) return undefined;
  throw new SendenseError('LOCKED', `the server cannot read the configuration of ${found.name}`, {
    operation: 'find-machine',
    remedy: 'see to its host and its datastore, then resume the restore',
    context: { machine: known.id },
  });
}
