import { abortedError, SendenseError, throwIfAborted } from '@sendense/core';
import { systemTimer, type Timer } from './timer.ts';

/** What the timeout is called in its error, and what else may end the wait. */
export type TimeoutOptions = {
  /** Verb-noun of what is waited for. */
  readonly operation: string;
  readonly signal?: AbortSignal;
  readonly timer?: Timer;
};

/**
 * Runs `run` and gives up after `timeoutMs`: its signal fires and the call rejects at once with `TIMEOUT`, effect
 * `unknown`, whether `run` listens or not. Rejects with `ABORTED` when the caller's signal fires.
 */
export async function withTimeout<T>(
  run: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
  options: TimeoutOptions,
): Promise<T> {
  const { operation, signal, timer = systemTimer } = options;
  throwIfAborted(signal, operation);
  const stop = new AbortController();
  const expiry = new AbortController();
  const timedOut = timer.sleep(timeoutMs, expiry.signal).then(() => {
    throw new SendenseError('TIMEOUT', `${operation} took longer than ${timeoutMs} ms`, {
      operation,
      effect: 'unknown',
      context: { timeoutMs },
    });
  });
  const cancelled = Promise.withResolvers<never>();
  const cancel = (): void => cancelled.reject(abortedError(operation, signal, undefined, 'unknown'));
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await Promise.race([run(stop.signal), timedOut, cancelled.promise]);
  } finally {
    signal?.removeEventListener('abort', cancel);
    stop.abort();
    expiry.abort();
    timedOut.catch(() => undefined);
  }
}
