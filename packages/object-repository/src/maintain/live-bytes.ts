import type { Random } from '@sendense/core';

/** 4 MiB of counters at the most. */
const MOST_COUNTERS = 2 ** 20;
const LEAST_COUNTERS = 2 ** 10;
const MOST_BYTES = 2 ** 32 - 1;
/** Hex digits of a pack's id that name its counter, and how many digits an id has. */
const DIGITS = 8;
const ID_DIGITS = 32;

/**
 * For each pack the bytes of frames that count, in counters that packs may share: none has less than it should, so a pack only ever
 * looks more needed than it is. Other packs share a counter the next time, because each time other digits of the ids are taken.
 */
export class LiveBytes {
  readonly #counters: Uint32Array;
  readonly #from: number;

  /** Counters for packs of so many chunks in all. */
  constructor(chunks: number, random: Random) {
    const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, chunks / 8)));
    this.#counters = new Uint32Array(Math.min(MOST_COUNTERS, Math.max(LEAST_COUNTERS, wanted)));
    this.#from = (random.bytes(1)[0] ?? 0) % (ID_DIGITS - DIGITS);
  }

  /** Counts a frame of `bytes` in a pack (32 hex digits). */
  add(pack: string, bytes: number): void {
    const at = this.#counterOf(pack);
    this.#counters[at] = Math.min(MOST_BYTES, (this.#counters[at] ?? 0) + bytes);
  }

  /** No frames of a pack that count have more bytes than this. */
  most(pack: string): number {
    return this.#counters[this.#counterOf(pack)] ?? 0;
  }

  #counterOf(pack: string): number {
    return Number.parseInt(pack.slice(this.#from, this.#from + DIGITS), 16) % this.#counters.length;
  }
}
