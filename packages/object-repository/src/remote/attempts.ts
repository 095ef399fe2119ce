import { abortedError, type Call, type PluginServices, SendenseError } from '@sendense/core';
import { type RetryOptions, withRetry } from '@sendense/plugin-kit';

/** How a store over a network tries. */
export type AttemptOptions = {
  /** Tries of a request in all, the first included. */
  readonly attempts: number;
  /** Longest wait between two tries, in milliseconds, unless the store asks for longer. */
  readonly maxDelayMs: number;
  /** How long a request may take besides its bytes, in milliseconds. */
  readonly timeoutMs: number;
  /** The slowest transfer that is waited for. */
  readonly minBytesPerSecond: number;
};

/** What it uses of its host. */
export type AttemptServices = Pick<PluginServices, 'log' | 'random'> & Pick<RetryOptions, 'timer'>;

/** One request: what it does to what, and how many bytes it moves at most. */
export type Request = {
  /** Verb-noun. */
  readonly operation: string;
  readonly subject: string;
  readonly bytes?: number;
};

/** Sends a request until it is answered for good. `send` must reject with a SendenseError, and soon when its signal fires. */
export type Attempts = <T>(
  request: Request,
  send: (signal: AbortSignal, attempt: number) => Promise<T>,
  call?: Call,
) => Promise<T>;

/**
 * Repeats requests whose failure may pass, with jitter and a bound; each repetition is a warning in the log. A request
 * that takes too long for its bytes is ended and counts as `TIMEOUT`: a store that drips one byte a second is not waited
 * for. Rejects with `ABORTED` once the caller's signal has fired and the request under way has ended.
 */
export function createAttempts(options: AttemptOptions, services: AttemptServices): Attempts {
  const { attempts, maxDelayMs } = options;
  const { log, random, timer } = services;
  return (request, send, call) =>
    withRetry((attempt) => sendInTime(options, request, (signal) => send(signal, attempt), call?.signal), {
      attempts,
      maxDelayMs,
      random,
      ...(timer === undefined ? {} : { timer }),
      ...(call?.signal === undefined ? {} : { signal: call.signal }),
      onRetry: ({ code, message, context }, attempt, delayMs) =>
        log({
          level: 'warn',
          message: `${message}; trying again`,
          fields: { ...context, operation: request.operation, code, attempt, delayMs },
        }),
    });
}

async function sendInTime<T>(
  { timeoutMs, minBytesPerSecond }: AttemptOptions,
  { operation, subject, bytes = 0 }: Request,
  send: (signal: AbortSignal) => Promise<T>,
  caller: AbortSignal | undefined,
): Promise<T> {
  const limitMs = Math.ceil(timeoutMs + (bytes * 1000) / minBytesPerSecond);
  const expiry = AbortSignal.timeout(limitMs);
  try {
    return await send(caller === undefined ? expiry : AbortSignal.any([caller, expiry]));
  } catch (error) {
    if (caller?.aborted === true) throw abortedError(operation, caller, undefined, 'unknown');
    if (!expiry.aborted) throw error;
    throw new SendenseError('TIMEOUT', `${subject}: the store did not finish within ${limitMs} ms`, {
      operation,
      effect: 'unknown',
      context: { limitMs },
      remedy: 'check the network, or allow more time or a lower rate in the options of the store',
    });
  }
}
