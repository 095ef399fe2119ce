import { abortedError } from '@sendense/core';
import type { Timer } from '../../src/flow/timer.ts';

type Sleeper = { readonly at: number; readonly wake: () => void };

/** Time that passes only when a test says so. */
export class FakeTimer implements Timer {
  #now = 0;
  readonly #sleepers: Sleeper[] = [];
  /** Every wait that was asked for, in milliseconds. */
  readonly waits: number[] = [];

  monotonicMs(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.waits.push(ms);
    return new Promise((resolve, reject) => {
      const sleeper = { at: this.#now + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        reject(abortedError('wait', signal));
      });
    });
  }

  /** Lets `ms` pass, waking sleepers in their order. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#sleepers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > until) break;
      this.#sleepers.splice(this.#sleepers.indexOf(next), 1);
      this.#now = next.at;
      next.wake();
      await settle();
    }
    this.#now = until;
    await settle();
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}
