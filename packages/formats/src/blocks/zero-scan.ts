import { type BlockReader, type ByteRange, type CopyOptions, isZeroBytes } from '@sendense/core';

/** What is read first: nearly all data shows itself in it. */
const FIRST_BYTES = 4096;
/** The reads grow up to this. */
const MOST_BYTES = 1024 * 1024;

/** Finds out what holds only zeros before room is taken for it, reading no further than to the first other byte. */
export class ZeroScan {
  readonly #source: BlockReader;
  #memory = new Uint8Array(FIRST_BYTES);

  constructor(source: BlockReader) {
    this.#source = source;
  }

  /** Whether `[offset, offset + length)` of the disk is all zeros; keeps to the pace. Rejects as `read` does. */
  async isZero({ offset, length }: ByteRange, { pace, signal }: CopyOptions): Promise<boolean> {
    const call = signal ? { signal } : {};
    if (this.#source.limits.alignmentBytes > 512) return false;
    let size = FIRST_BYTES;
    for (let from = 0; from < length; ) {
      const bytes = this.#part(Math.min(size, length - from));
      for (let taken = 0; taken < bytes.byteLength; )
        taken += (await pace?.take(bytes.byteLength - taken, call)) ?? bytes.byteLength;
      await this.#source.read(offset + from, bytes, call);
      if (!isZeroBytes(bytes)) return false;
      from += bytes.byteLength;
      size = Math.min(8 * size, MOST_BYTES);
    }
    return true;
  }

  #part(length: number): Uint8Array {
    if (this.#memory.byteLength < length) this.#memory = new Uint8Array(length);
    return this.#memory.subarray(0, length);
  }
}
