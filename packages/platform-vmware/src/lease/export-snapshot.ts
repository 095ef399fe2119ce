import { amendError, type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { systemTimer, type Timer } from '@sendense/plugin-kit';
import { childOf } from '@sendense/plugin-kit/xml';
import type { VimClient } from '../session/vim-client.ts';
import { managedObjectOf } from '../soap/read-element.ts';
import type { ManagedObject } from '../soap/vim-value.ts';
import { abortLease, type HeldLease, holdLease } from './held-lease.ts';
import { waitForLease } from './wait-for-lease.ts';

const EXPORT = 'ExportSnapshot';

/**
 * Leases the disks of a snapshot for reading, each whole and from its start as a streamOptimized VMDK. While it is held the machine
 * has no other, and some of its tasks wait. Rejects with `LOCKED` when somebody holds one, `PERMISSION_DENIED`, `ABORTED`, and leaves
 * none then: the request itself is waited for in any case.
 */
export async function exportSnapshot(
  client: VimClient,
  snapshot: ManagedObject,
  { timer = systemTimer, signal }: Call & { readonly timer?: Timer } = {},
): Promise<HeldLease> {
  const call: Call = signal === undefined ? {} : { signal };
  throwIfAborted(signal, `vim-${EXPORT}`);
  // not cancelled under way: a lease that nobody knows would lock the machine and its snapshot until its time-out
  const lease = managedObjectOf(childOf(await client.invoke(EXPORT, snapshot, []), 'returnval'));
  if (lease === undefined) {
    throw new SendenseError('PROTOCOL_VIOLATION', `the reply to ${EXPORT} names no lease`, {
      operation: `vim-${EXPORT}`,
      effect: 'unknown',
    });
  }
  try {
    return holdLease(
      client,
      lease,
      await waitForLease(client, lease, { method: EXPORT, timer }, call),
      timer,
    );
  } catch (error) {
    await abortLease(client, lease);
    throw SendenseError.is(error) ? amendError(error, { context: { lease: lease.id } }) : error;
  }
}
