import { SendenseError } from './sendense-error.ts';

/** The error of a cancelled call. `cause` is what the call itself gave up with; else the signal's reason is kept. */
export function abortedError(
  operation: string,
  signal?: AbortSignal,
  cause?: unknown,
  effect: 'none' | 'unknown' = 'none',
): SendenseError {
  return new SendenseError('ABORTED', 'cancelled by the caller', {
    operation,
    effect,
    cause: cause ?? (signal?.reason as unknown),
  });
}

/** Throws `ABORTED` when `signal` has fired. */
export function throwIfAborted(signal: AbortSignal | undefined, operation: string): void {
  if (signal?.aborted === true) throw abortedError(operation, signal);
}
