/** Which blocks of an index are in use: a bit for each, the lowest of a byte first. */
export class UsedBlocks {
  /** No block from here on is in use: bits and blocks may be counted differently. */
  readonly end: number;
  readonly #bits: Uint8Array;

  /** `count`: how many blocks there are. */
  constructor(bits: Uint8Array, count: number) {
    this.#bits = bits;
    this.end = Math.min(count, bits.byteLength * 8);
  }

  /** Whether there is a block with this number, and it is in use. */
  has(index: number): boolean {
    return Number.isInteger(index) && index < this.end && (this.#byte(index >> 3) & (1 << (index & 7))) !== 0;
  }

  /** The first block in use at `from` or behind it; bytes without a bit are stepped over. */
  next(from: number): number | undefined {
    for (let index = from; index < this.end; index += 1) {
      if (index % 8 === 0) index = this.#firstByte(index >> 3) * 8;
      if (this.has(index)) return index;
    }
    return undefined;
  }

  /** The first byte at `from` or behind it that has a bit. */
  #firstByte(from: number): number {
    let at = from;
    while (at < this.#bits.byteLength && this.#bits[at] === 0) at += 1;
    return at;
  }

  #byte(at: number): number {
    return this.#bits[at] ?? 0;
  }
}
