import { SendenseError } from '@sendense/core';

/** Throws `ABORTED` when `signal` has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new SendenseError('ABORTED', 'the transfer was cancelled', {
    operation: 'transfer',
    cause: signal.reason,
  });
}
