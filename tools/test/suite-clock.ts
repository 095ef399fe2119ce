/** Measures how long each suite took, from the first to the last thing that happened in it. */
export class SuiteClock {
  readonly #now: () => number;
  readonly #spans = new Map<string, { first: number; last: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Something happened in this suite. */
  touch(suite: string): void {
    const now = this.#now();
    const span = this.#spans.get(suite);
    if (span === undefined) this.#spans.set(suite, { first: now, last: now });
    else span.last = now;
  }

  /** Milliseconds between the first and the last touch; 0 for an unknown suite. */
  elapsedMs(suite: string): number {
    const span = this.#spans.get(suite);
    return span === undefined ? 0 : span.last - span.first;
  }
}
