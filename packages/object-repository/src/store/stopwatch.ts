import type { Clock } from '@sendense/core';

/** Measures by two clocks and believes the slower day: one stands still while a machine sleeps, the other may be set. */
export class Stopwatch {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #startedAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.monotonicMs();
    this.#startedAt = clock.now().getTime();
  }

  /** Milliseconds since it was made, at least. */
  get elapsedMs(): number {
    return Math.max(this.#clock.monotonicMs() - this.#startMs, this.#clock.now().getTime() - this.#startedAt);
  }
}
