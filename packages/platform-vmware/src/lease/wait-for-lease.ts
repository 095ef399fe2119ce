import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import type { Timer } from '@sendense/plugin-kit';
import { mapFault } from '../map-error.ts';
import { readProperties } from '../properties/read-properties.ts';
import type { VimClient } from '../session/vim-client.ts';
import { decodeLocalizedFault } from '../soap/envelope.ts';
import type { ManagedObject } from '../soap/vim-value.ts';
import { type LeaseInfo, parseLeaseInfo } from './lease-info.ts';

/** How a lease stands. */
export type LeaseStatus =
  | { readonly state: 'initializing' | 'done' }
  | { readonly state: 'ready'; readonly info: LeaseInfo }
  | { readonly state: 'error'; readonly error: SendenseError };

/** Waits between two looks: a lease is ready within seconds mostly, and after minutes on a busy host. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;

/** Servers are not waited for longer than this. */
const MOST_MS = 10 * 60_000;

/** How a lease stands now. Rejects with `NOT_FOUND` when it is gone. */
export async function readLease(
  client: VimClient,
  lease: ManagedObject,
  method: string,
  call?: Call,
): Promise<LeaseStatus> {
  const properties = { type: 'HttpNfcLease', paths: ['state', 'info', 'error'] };
  const [found] = await readProperties(client, [lease], properties, call);
  const state = found?.values.get('state')?.text;
  if (state === 'ready') return { state, info: parseLeaseInfo(found?.values.get('info'), client.host) };
  if (state === 'error') return { state, error: failureOf(client, found?.values.get('error'), method) };
  return { state: state === 'done' ? 'done' : 'initializing' };
}

/** Waits until a lease is ready. Rejects with its fault, `TIMEOUT`, `ABORTED`; the lease is then the caller's to give up. */
export async function waitForLease(
  client: VimClient,
  lease: ManagedObject,
  { method, timer }: { readonly method: string; readonly timer: Timer },
  call?: Call,
): Promise<LeaseInfo> {
  const startedMs = timer.monotonicMs();
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    throwIfAborted(call?.signal, `vim-${method}`);
    const status = await readLease(client, lease, method, call);
    if (status.state === 'ready') return status.info;
    if (status.state === 'error') throw status.error;
    if (status.state === 'done' || timer.monotonicMs() - startedMs > MOST_MS) throw notReady(method);
    await timer.sleep(waitMs, call?.signal);
  }
}

function failureOf(
  { host, redact }: VimClient,
  error: Parameters<typeof decodeLocalizedFault>[0] | undefined,
  method: string,
): SendenseError {
  if (error !== undefined) return mapFault(decodeLocalizedFault(error), { method, host, redact });
  return new SendenseError('UNEXPECTED', `the lease of ${method} failed without a reason`, {
    operation: `vim-${method}`,
  });
}

function notReady(method: string): SendenseError {
  return new SendenseError('TIMEOUT', `the lease of ${method} was not ready within ten minutes`, {
    operation: `vim-${method}`,
    remedy: 'look at the recent tasks of the server',
  });
}
