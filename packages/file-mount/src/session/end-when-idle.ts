import { SendenseError } from '@sendense/core';
import { systemTimer, type Timer } from '@sendense/plugin-kit';

/** What an idle mount is told by. */
export type IdleMount = {
  readonly idleMs: number;
  /** When the backup was read last, by `timer`. */
  readonly lastReadMs: () => number;
  /** Ends the mount; rejects with `LOCKED` while somebody has something open in it. */
  readonly unmount: () => Promise<void>;
  /** Told why it could not be ended, where that is not `LOCKED`. */
  readonly tell: (error: SendenseError) => void;
};

/**
 * Ends a mount once nothing was read of it for so long and nobody has anything open in it. Resolves when it ended, or `signal` fired.
 * What the kernel keeps of the files is read without the backup: the time is that since the last read of something new. A mount that
 * cannot be ended may be in use: it goes on, and is asked again after the same time.
 */
export async function endWhenIdle(
  { idleMs, lastReadMs, unmount, tell }: IdleMount,
  signal: AbortSignal,
  timer: Timer = systemTimer,
): Promise<void> {
  let restMs = idleMs;
  while (!signal.aborted) {
    await timer.sleep(restMs, signal).catch(unlessAborted);
    if (signal.aborted) return;
    const quietMs = timer.monotonicMs() - lastReadMs();
    restMs = quietMs < idleMs ? idleMs - quietMs : idleMs;
    if (quietMs < idleMs) continue;
    const failure = await unmount().then(() => undefined, asFailure);
    if (failure === undefined) return;
    if (failure.code !== 'LOCKED') tell(failure);
  }
}

function unlessAborted(error: unknown): void {
  if (!SendenseError.is(error, 'ABORTED')) throw error;
}

function asFailure(error: unknown): SendenseError {
  if (!SendenseError.is(error)) throw error;
  return error;
}
