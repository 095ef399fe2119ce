import type { Call, Clock } from '@sendense/core';

/** The least time between two reports. */
const INTERVAL_MS = 250;

/** Counts bytes and reports them a few times a second, and once at the end. */
export class ProgressMeter {
  readonly #total: number;
  readonly #report: Call['onProgress'];
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #done = 0;
  #next = 0;

  constructor(total: number, report: Call['onProgress'], clock: Pick<Clock, 'monotonicMs'>) {
    this.#total = total;
    this.#report = report;
    this.#clock = clock;
  }

  add(bytes: number): void {
    this.#done += bytes;
    if (this.#report === undefined) return;
    const now = this.#clock.monotonicMs();
    if (now < this.#next && this.#done < this.#total) return;
    this.#next = now + INTERVAL_MS;
    this.#report({ done: this.#done, total: this.#total, unit: 'bytes' });
  }
}
