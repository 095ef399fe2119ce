import { type Call, SendenseError } from '@sendense/core';
import type { VimClient } from '../session/vim-client.ts';
import { itemsOf, managedObjectOf } from '../soap/read-element.ts';
import type { ManagedObject } from '../soap/vim-value.ts';

/**
 * The machine with that instance UUID. Rejects with `NOT_FOUND`, and with `CONFLICT` when there are several, which a host on its own
 * allows for copies.
 */
export async function findMachine(
  client: VimClient,
  instanceUuid: string,
  call?: Call,
): Promise<ManagedObject> {
  const fields = [
    ['uuid', instanceUuid],
    ['vmSearch', true],
    ['instanceUuid', true],
  ] as const;
  const response = await client.invoke('FindAllByUuid', client.content.searchIndex, fields, call);
  const found = itemsOf(response, 'returnval').flatMap((item) => managedObjectOf(item) ?? []);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const details = { operation: 'find-machine', context: { instanceUuid, found: found.length } };
  if (only === undefined) {
    throw new SendenseError('NOT_FOUND', `${client.host} has no machine with the UUID ${instanceUuid}`, {
      ...details,
      remedy: 'list the machines: it may have been removed, or the user may not see it',
    });
  }
  throw new SendenseError('CONFLICT', `${found.length} machines have the UUID ${instanceUuid}`, {
    ...details,
    remedy: 'give copies an instance UUID of their own, or manage the host by a vCenter, which does',
  });
}
