import { type Call, SendenseError } from '@sendense/core';
import type { Timer } from '@sendense/plugin-kit';
import { isFault } from '../map-error.ts';
import type { VimClient } from '../session/vim-client.ts';
import type { ManagedObject } from '../soap/vim-value.ts';
import type { LeaseDevice, LeaseInfo } from './lease-info.ts';

/** Progress is told this many times within the time-out of the lease: one that is lost on the way is made up for. */
const TOLD_PER_TIMEOUT = 4;

/** And at least every so often: people watch it. */
const LONGEST_SILENCE_MS = 30_000;

/** Giving a lease back must not keep a program that ends waiting for a server that is gone. */
const GIVE_BACK_MS = 30_000;

/** A lease that is kept until it is completed or aborted; of both, and however often, the first counts. */
export interface HeldLease {
  readonly devices: readonly LeaseDevice[];
  /** Fires when the server has ended the lease, with the `SendenseError` (`EXPIRED`) as its reason. */
  readonly lost: AbortSignal;
  /** Asks the server whether it still holds. Rejects with the reason of `lost` when not. */
  check(): Promise<void>;
  /** What is told from then on, 0 to 100. */
  percent(value: number): void;
  /** Everything was transferred. Rejects when the server does not take it: of an import, the machine is not there. */
  complete(call?: Call): Promise<void>;
  /** Gives it up: of an import the server removes what it has made. Never rejects; a lease that cannot be reached ends by itself. */
  abort(): Promise<void>;
}

/** Holds a lease that is ready: tells its progress again and again, because the server ends one that is silent. */
export function holdLease(
  client: VimClient,
  lease: ManagedObject,
  { devices, timeoutMs }: LeaseInfo,
  timer: Timer,
): HeldLease {
  const lost = new AbortController();
  const ended = new AbortController();
  let percent = 0;
  let end: Promise<void> | undefined;
  let toldMs = timer.monotonicMs();
  const tell = async (): Promise<void> => {
    try {
      await client.invoke('HttpNfcLeaseProgress', lease, [['percent', percent]], { signal: ended.signal });
      toldMs = timer.monotonicMs();
    } catch (error) {
      const silent = timer.monotonicMs() - toldMs >= timeoutMs;
      if (!ended.signal.aborted && (isOver(error) || silent)) lost.abort(expired(client, lease, error));
    }
  };
  const keep = async (): Promise<void> => {
    const everyMs = Math.min(timeoutMs / TOLD_PER_TIMEOUT, LONGEST_SILENCE_MS);
    while (!lost.signal.aborted) {
      await timer.sleep(everyMs, ended.signal);
      await tell();
    }
  };
  // ends with ABORTED when the lease is given back
  keep().catch(() => undefined);
  return {
    devices,
    lost: lost.signal,
    async check() {
      if (!lost.signal.aborted) await tell();
      lost.signal.throwIfAborted();
    },
    percent(value) {
      percent = Math.max(0, Math.min(100, Math.floor(value)));
    },
    complete(call) {
      ended.abort();
      end ??= client.invoke('HttpNfcLeaseComplete', lease, [], call).then(
        () => undefined,
        (error: unknown) => {
          end = undefined; // it may be held still: it can be given up
          throw error;
        },
      );
      return end;
    },
    async abort() {
      ended.abort();
      end ??= abortLease(client, lease);
      await end.catch(() => undefined);
    },
  };
}

/** Gives a lease up. Never rejects: one that is gone is as good, and one that cannot be reached ends by itself. */
export async function abortLease(client: VimClient, lease: ManagedObject): Promise<void> {
  const call = { signal: AbortSignal.timeout(GIVE_BACK_MS) };
  await client.invoke('HttpNfcLeaseAbort', lease, [], call).catch(() => undefined);
}

/** What a server says of a lease that has ended. */
function isOver(error: unknown): boolean {
  return ['Timedout', 'ManagedObjectNotFound', 'InvalidState'].some((fault) => isFault(error, fault));
}

function expired({ host }: VimClient, { id }: ManagedObject, cause: unknown): SendenseError {
  return new SendenseError('EXPIRED', `${host} ended the lease ${id}`, {
    operation: 'keep-lease',
    context: { lease: id },
    cause,
    remedy: 'repeat it; when it happens again look whether the server or its host is overloaded',
  });
}
