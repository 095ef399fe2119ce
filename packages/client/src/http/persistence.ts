import { setTimeout as sleep } from 'node:timers/promises';
import { abortedError, SendenseError } from '@sendense/core';
import type { Connection } from './connection.ts';

const LONGEST_DELAY_MS = 30_000;

/** Tries again what broke off, with growing pauses, until there were no news for too long. */
export class Persistence {
  readonly #limits: Connection['reconnect'];
  readonly #operation: string;
  readonly #signal: AbortSignal | undefined;
  #failures = 0;
  #failingSince = 0;

  constructor(limits: Connection['reconnect'], operation: string, signal: AbortSignal | undefined) {
    this.#limits = limits;
    this.#operation = operation;
    this.#signal = signal;
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
    const grown = Math.min(this.#limits.delayMs * 2 ** this.#failures, LONGEST_DELAY_MS);
    const delayMs = Math.max(grown, askedMs ?? 0, error.retryAfterMs ?? 0);
    this.#failures += 1;
    if (now + delayMs - this.#failingSince > this.#limits.giveUpMs) throw exhausted(error, this.#operation);
    await this.#pause(delayMs);
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
