import type { Clock } from '@sendense/core';
import { Stopwatch } from './stopwatch.ts';
import type { ToldTime } from './store-time.ts';

/**
 * How long ago something was by the store's clock: measured by the two clocks of this machine, both of which stand still while it is
 * suspended, and set right by what the store says when it is asked.
 */
export class StoreAge {
  readonly #watch: Stopwatch;
  /** How far the clocks of this machine were behind at least. */
  #behindMs = 0;

  /** Begins now. */
  constructor(clock: Clock) {
    this.#watch = new Stopwatch(clock);
  }

  /** Milliseconds, at least. */
  get ms(): number {
    return this.#watch.elapsedMs + this.#behindMs;
  }

  /** Learns the store's time now from `ask`, and gives what that gave; `since` is the store's time when this was made. */
  async learn<T extends Pick<ToldTime, 'now'>>(since: Date, ask: () => Promise<T>): Promise<T> {
    const askedMs = this.#watch.elapsedMs;
    const told = await ask();
    this.#behindMs = Math.max(this.#behindMs, told.now.getTime() - since.getTime() - askedMs);
    return told;
  }
}
