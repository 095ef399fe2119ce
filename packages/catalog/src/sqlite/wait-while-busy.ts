import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@sendense/core';
import { mapSqliteError } from '../map-error.ts';

/** Milliseconds between two tries of something that another process holds up. */
const PAUSE_MS = 20;

/** What is tried, and for how long. */
export type BusyWait = {
  readonly operation: string;
  /** File of the catalog, for errors. */
  readonly path: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
};

/**
 * Runs `run` again while another connection holds the database up, without blocking the event loop: the other one may
 * be in this process. Rejects with what SQLite says as a SendenseError, with `LOCKED` when the time is over.
 */
export async function waitWhileBusy<T>(wait: BusyWait, run: () => Promise<T>): Promise<T> {
  const { operation, path, clock, timeoutMs } = wait;
  const startedMs = clock.monotonicMs();
  for (;;) {
    try {
      return await run();
    } catch (error) {
      const mapped = mapSqliteError(error, operation, path);
      // a LOCKED of our own (a lease) has no SQLite code and is never waited for
      const isBusy = mapped.code === 'LOCKED' && mapped.context.sqlite !== undefined;
      if (!isBusy || clock.monotonicMs() - startedMs >= timeoutMs) throw mapped;
    }
    await sleep(PAUSE_MS);
  }
}
