import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { systemTimer, type Timer } from '@sendense/plugin-kit';
import { childOf } from '@sendense/plugin-kit/xml';
import { abortLease, type HeldLease, holdLease } from '../lease/held-lease.ts';
import { waitForLease } from '../lease/wait-for-lease.ts';
import { readProperties } from '../properties/read-properties.ts';
import type { VimClient } from '../session/vim-client.ts';
import { managedObjectOf, objectIn } from '../soap/read-element.ts';
import { type ManagedObject, type VimObject, vimObject } from '../soap/vim-value.ts';

const IMPORT = 'ImportVApp';

/** What is imported, and where it is put. */
export type ImportRequest = {
  /** A `VirtualMachineConfigSpec`, or a whole `ImportSpec` that the server made of an OVF. */
  readonly spec: VimObject;
  readonly pool: ManagedObject;
  readonly folder: ManagedObject;
  readonly host: ManagedObject | undefined;
};

/** A machine that is there as long as its lease is held, and afterwards when that was completed. */
export type ImportedMachine = {
  readonly machine: ManagedObject;
  readonly reference: ManagedObject;
  readonly lease: HeldLease;
};

/** The `ImportSpec` of a machine that is described by hand: no OVF is needed. */
export function importSpecOf(configSpec: VimObject): VimObject {
  return vimObject([['configSpec', configSpec]], 'VirtualMachineImportSpec');
}

/**
 * Makes a machine whose disks are sent to its lease. Rejects with `ALREADY_EXISTS`, `PERMISSION_DENIED`, `NO_SPACE`, and leaves no
 * machine then: a lease that is given up takes it along.
 */
export async function importMachine(
  client: VimClient,
  { spec, pool, folder, host }: ImportRequest,
  { timer = systemTimer, signal }: Call & { readonly timer?: Timer } = {},
): Promise<ImportedMachine> {
  const call: Call = signal === undefined ? {} : { signal };
  const fields = [
    ['spec', spec],
    ['folder', folder],
    ['host', host],
  ] as const;
  throwIfAborted(signal, `vim-${IMPORT}`);
  // not cancelled under way: a lease that nobody knows would make its machine all the same
  const reference = managedObjectOf(childOf(await client.invoke(IMPORT, pool, fields), 'returnval'));
  if (reference === undefined) throw without('lease');
  try {
    const info = await waitForLease(client, reference, { method: IMPORT, timer }, call);
    const properties = { type: 'HttpNfcLease', paths: ['info'] };
    const [found] = await readProperties(client, [reference], properties, call);
    const machine = objectIn(found?.values.get('info'), 'entity');
    if (machine === undefined) throw without('machine');
    return { machine, reference, lease: holdLease(client, reference, info, timer) };
  } catch (error) {
    await abortLease(client, reference);
    throw error;
  }
}

function without(what: string): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', `the reply to ${IMPORT} names no ${what}`, {
    operation: `vim-${IMPORT}`,
    effect: 'unknown',
    remedy: 'report this with the version of the server',
  });
}
