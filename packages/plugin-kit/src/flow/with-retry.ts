import { type Random, SendenseError, systemRandom, throwIfAborted } from '@sendense/core';
import { systemTimer, type Timer } from './timer.ts';

/** How often and how long to try. */
export type RetryOptions = {
  /** Tries in all, the first included; default 5. */
  readonly attempts?: number;
  /** Longest wait before the second try, doubled for each further one; default 200. */
  readonly baseDelayMs?: number;
  /** Longest wait before any try, unless the error itself asks for longer; default 30 000. */
  readonly maxDelayMs?: number;
  readonly signal?: AbortSignal;
  /** Told before each wait; for logs and findings. */
  readonly onRetry?: (error: SendenseError, attempt: number, delayMs: number) => void;
  readonly timer?: Timer;
  readonly random?: Pick<Random, 'bytes'>;
};

/** A number from 0 up to 1 out of injected random bytes. */
function fraction(random: Pick<Random, 'bytes'>): number {
  return random.bytes(4).reduce((sum, byte) => sum * 256 + byte, 0) / 2 ** 32;
}

function exhausted(errors: readonly SendenseError[], last: SendenseError): SendenseError {
  return new SendenseError(last.code, `${last.message} (given up after ${errors.length} attempts)`, {
    operation: last.operation,
    retry: 'exhausted',
    effect: errors.some((error) => error.effect === 'unknown') ? 'unknown' : 'none',
    context: last.context,
    cause: last,
    causes: errors,
    ...(last.remedy === undefined ? {} : { remedy: last.remedy }),
  });
}

/**
 * Repeats `run` while its error says that a later try may work (`retry: 'later'`), with exponential back-off and full
 * jitter, and never before `retryAfterMs`. An error with `effect: 'unknown'` is repeated too, so `run` must use the same
 * id each time. Any other error is passed on as it is.
 *
 * Rejects with the last error as `exhausted`, its `causes` holding every attempt; with `ABORTED` when the signal fires.
 */
export async function withRetry<T>(
  run: (attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const { attempts = 5, baseDelayMs = 200, maxDelayMs = 30_000, signal, onRetry } = options;
  const { timer = systemTimer, random = systemRandom } = options;
  const errors: SendenseError[] = [];
  for (let attempt = 1; ; attempt += 1) {
    throwIfAborted(signal, 'retry');
    try {
      return await run(attempt);
    } catch (error) {
      if (!SendenseError.is(error) || error.retry !== 'later') throw error;
      errors.push(error);
      if (attempt >= attempts) throw exhausted(errors, error);
      const backOff = Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1)) * fraction(random);
      const delayMs = Math.max(error.retryAfterMs ?? 0, Math.round(backOff));
      onRetry?.(error, attempt, delayMs);
      await timer.sleep(delayMs, signal);
    }
  }
}
