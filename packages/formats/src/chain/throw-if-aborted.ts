import { type Call, SendenseError } from '@sendense/core';

/** Throws `ABORTED` once the call's signal has fired; loops over foreign tables ask between steps. */
export function throwIfAborted(call: Call | undefined): void {
  if (call?.signal?.aborted !== true) return;
  throw new SendenseError('ABORTED', 'the caller cancelled the call', {
    operation: 'read-image',
    cause: call.signal.reason,
  });
}
