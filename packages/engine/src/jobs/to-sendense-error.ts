import { SendenseError } from '@sendense/core';

/** A `SendenseError` of whatever was thrown: as it is, `ABORTED` for an abort, else `UNEXPECTED` with its cause. */
export function toSendenseError(error: unknown, operation: string, signal?: AbortSignal): SendenseError {
  if (SendenseError.is(error)) return error;
  if (signal?.aborted === true) return abortedError(operation, error);
  const message = error instanceof Error ? error.message : String(error);
  return new SendenseError('UNEXPECTED', message, { operation, cause: error });
}

/** Rejects with `ABORTED` when the signal has fired: the last moment before a step that is not undone. */
export function throwIfAborted(signal: AbortSignal, operation: string): void {
  if (signal.aborted) throw abortedError(operation, signal.reason);
}

function abortedError(operation: string, cause: unknown): SendenseError {
  return new SendenseError('ABORTED', 'the job was cancelled', {
    operation,
    cause,
    remedy: 'run it again; what was committed stays',
  });
}
