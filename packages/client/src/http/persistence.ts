import { setTimeout as sleep } from 'node:timers/promises';
import { abortedError, SendenseError } from '@sendense/core';
import type { Connection } from './connection.ts';

const LONGEST_DELAY_MS = 30_000;
/** Doublings that bring every pause of a millisecond or more to the longest. */
const MOST_DOUBLINGS = 15;

/** Tries again what broke off, with growing pauses, until there were no news for too long. */
export class Persistence {
  readonly #limits: Connection['reconnect'];
  readonly #operation: string;
  readonly #signal: AbortSignal | undefined;
  readonly #random: () => number;
  #failures = 0;
  #failingSince = 0;

  /** `random` gives numbers from 0 up to 1. */
  constructor(
    limits: Connection['reconnect'],
    operation: string,
    signal: AbortSignal | undefined,
    random: () => number = Math.random,
  ) {
    this.#limits = limits;
    this.#operation = operation;
    this.#signal = signal;
    this.#random = random;
  }

  /** Something came: it works. */
  succeeded(): void {
    this.#failures = 0;
  }

  /**
   * Resolves when it is time to try again; `askedMs` is the pause that the server asked for. Rejects with `error` where trying again does
   * not help, and where it was tried long enough: with the advice `exhausted` then.
   */
  async afterFailure(error: unknown, askedMs?: number): Promise<void> {
    if (!isPassing(error)) throw error;
    const now = performance.now();
    if (this.#failures === 0) this.#failingSince = now;
    const doublings = Math.min(this.#failures, MOST_DOUBLINGS);
    const grown = Math.min(this.#limits.delayMs * 2 ** doublings, LONGEST_DELAY_MS);
    const delayMs = this.#spread(Math.max(grown, askedMs ?? 0, error.retryAfterMs ?? 0));
    this.#failures += 1;
    if (now + delayMs - this.#failingSince > this.#limits.giveUpMs) throw exhausted(error, this.#operation);
    await this.#pause(delayMs);
  }

  /** Up to half as long again, never shorter: those whom a server left at once do not all come back at once. */
  #spread(delayMs: number): number {
    return delayMs * (1 + this.#random() / 2);
  }

  async #pause(delayMs: number): Promise<void> {
    try {
      await sleep(delayMs, undefined, this.#signal === undefined ? {} : { signal: this.#signal });
    } catch {
      throw abortedError(this.#operation, this.#signal);
    }
  }
}

/** Whether the server, or the way to it, was away: it stops, starts, is busy or not reached. */
function isPassing(error: unknown): error is SendenseError {
  if (!SendenseError.is(error)) return false;
  const { code, context } = error;
  if (context.status === 429 || context.status === 503) return true;
  return context.status === undefined
    ? code === 'CONNECTION_LOST' || code === 'TIMEOUT'
    : code === 'CONNECTION_LOST';
}

function exhausted(error: SendenseError, operation: string): SendenseError {
  return new SendenseError(error.code, `${error.message}; it was tried again for too long`, {
    operation,
    retry: 'exhausted',
    context: error.context,
    cause: error,
    ...(error.remedy !== undefined && { remedy: error.remedy }),
  });
}
