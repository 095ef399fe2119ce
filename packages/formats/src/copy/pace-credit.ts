import type { Call, Pace } from '@sendense/core';

/** Grants of a pace in whole clusters: what is too little for one is kept for the next. */
export class PaceCredit {
  readonly #pace: Pace | undefined;
  readonly #clusterBytes: number;
  #left = 0;

  constructor(pace: Pace | undefined, clusterBytes: number) {
    this.#pace = pace;
    this.#clusterBytes = clusterBytes;
  }

  /** How many of `wanted` bytes, which are whole clusters, may go now: whole clusters, at least one. */
  async take(wanted: number, call: Call): Promise<number> {
    if (this.#pace === undefined) return wanted;
    while (this.#left < this.#clusterBytes) this.#left += await this.#pace.take(wanted - this.#left, call);
    const granted = Math.min(wanted, this.#left - (this.#left % this.#clusterBytes));
    this.#left -= granted;
    return granted;
  }
}
