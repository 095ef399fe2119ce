import type { Random } from '@sendense/core';
import { PACK_ID_BYTES } from '../index/table-page.ts';

/** 4 MiB of counters at the most. */
const MOST_COUNTERS = 2 ** 20;
const LEAST_COUNTERS = 2 ** 10;
const MOST_BYTES = 2 ** 32 - 1;
/** Bytes of a pack's id that name its counter. */
const NAME_BYTES = 4;

/**
 * For each pack the bytes of frames that count, in counters that packs may share: none has less than it should, so a pack only ever
 * looks more needed than it is. Other packs share a counter the next time, because each time other bytes of the ids are taken.
 */
export class LiveBytes {
  readonly #counters: Uint32Array;
  readonly #from: number;

  /** Counters for packs of so many chunks in all. */
  constructor(chunks: number, random: Random) {
    const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, chunks / 8)));
    this.#counters = new Uint32Array(Math.min(MOST_COUNTERS, Math.max(LEAST_COUNTERS, wanted)));
    this.#from = (random.bytes(1)[0] ?? 0) % (PACK_ID_BYTES - NAME_BYTES + 1);
  }

  /** Counts a frame of `length` bytes in the pack whose id begins at `at`. */
  add(bytes: Buffer, at: number, length: number): void {
    const counter = bytes.readUInt32BE(at + this.#from) % this.#counters.length;
    this.#counters[counter] = Math.min(MOST_BYTES, (this.#counters[counter] ?? 0) + length);
  }

  /** No frames of a pack (32 hex digits) that count have more bytes than this. */
  most(pack: string): number {
    const name = pack.slice(2 * this.#from, 2 * (this.#from + NAME_BYTES));
    return this.#counters[Number.parseInt(name, 16) % this.#counters.length] ?? 0;
  }
}
