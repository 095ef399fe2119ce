import type { Clock } from '@sendense/core';

const LEAST = 2;
const FIRST = 4;
const MOST = 64;
/** A larger window must bring at least so much to be kept. */
const WORTH = 1.1;
/** Below this part of the best rate the window is too large for what is behind it. */
const TOO_SLOW = 0.6;
/** What the best rate counts after each round: a line that became slower is believed in the end. */
const FORGETTING = 0.97;

/**
 * How many requests a store is asked at once: more as long as more bring more bytes a second, fewer when they come
 * slower. A round is as many requests as the window is wide.
 */
export class AdaptiveWindow {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #waiting: (() => void)[] = [];
  #width = FIRST;
  #running = 0;
  #bestRate = 0;
  #round = { requests: 0, bytes: 0, startMs: 0 };

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
    this.#round.startMs = clock.monotonicMs();
  }

  /** Requests at once, now. */
  get width(): number {
    return this.#width;
  }

  /** Runs a request when there is room; it gives bytes. */
  async run(request: () => Promise<Uint8Array>): Promise<Uint8Array> {
    while (this.#running >= this.#width) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#running === 0) this.#round = { requests: 0, bytes: 0, startMs: this.#clock.monotonicMs() };
    this.#running += 1;
    const wasFull = this.#running >= this.#width;
    try {
      const bytes = await request();
      this.#note(bytes.byteLength, wasFull);
      return bytes;
    } finally {
      this.#running -= 1;
      for (const start of this.#waiting.splice(0, Math.max(1, this.#width - this.#running))) start();
    }
  }

  #note(bytes: number, wasFull: boolean): void {
    this.#round.requests += wasFull ? 1 : 0;
    this.#round.bytes += bytes;
    if (this.#round.requests < this.#width) return;
    const nowMs = this.#clock.monotonicMs();
    const rate = this.#round.bytes / Math.max(0.001, nowMs - this.#round.startMs);
    if (rate > this.#bestRate * WORTH) this.#width = Math.min(MOST, this.#width * 2);
    else if (rate < this.#bestRate * TOO_SLOW)
      this.#width = Math.max(LEAST, Math.floor((this.#width * 3) / 4));
    this.#bestRate = Math.max(rate, this.#bestRate * FORGETTING);
    this.#round = { requests: 0, bytes: 0, startMs: nowMs };
  }
}
