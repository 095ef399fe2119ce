/** A stretch of sectors, `end` excluded. */
export type SectorRange = { readonly first: number; readonly end: number };

/** Numbers from 0 to `size - 1`, a bit each. */
export class SectorSet {
  readonly size: number;
  readonly #bits: Uint8Array;

  constructor(size: number) {
    this.size = size;
    this.#bits = new Uint8Array(Math.ceil(size / 8));
  }

  /** Adds `[first, end)`; `false` when one of them was in the set. */
  add(first: number, end: number): boolean {
    let wasFree = true;
    let at = first;
    while (at < end) {
      const byte = at >>> 3;
      const low = at & 7;
      const high = Math.min(8, low + end - at);
      const mask = (0xff >>> (8 - (high - low))) << low;
      const bits = this.#bits[byte] ?? 0;
      if ((bits & mask) !== 0) wasFree = false;
      this.#bits[byte] = bits | mask;
      at += high - low;
    }
    return wasFree;
  }

  /** Whether `at` is in the set. */
  has(at: number): boolean {
    return (((this.#bits[at >>> 3] ?? 0) >>> (at & 7)) & 1) === 1;
  }

  /** The stretches that are not in the set, ascending. */
  *gaps(): Generator<SectorRange> {
    for (let at = 0; at < this.size; ) {
      const first = this.#next(at, false);
      if (first === this.size) return;
      at = this.#next(first, true);
      yield { first, end: at };
    }
  }

  /** The first number from `at` on that is in the set, or is not. */
  #next(at: number, wanted: boolean): number {
    const other = wanted ? 0 : 0xff;
    let next = at;
    while (next < this.size) {
      const bits = this.#bits[next >>> 3] ?? 0;
      if ((next & 7) === 0 && bits === other) next += 8;
      else if (((bits >>> (next & 7)) & 1) === (wanted ? 1 : 0)) return next;
      else next += 1;
    }
    return this.size;
  }
}
