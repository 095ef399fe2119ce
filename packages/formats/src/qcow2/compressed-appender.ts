import type { AppendFile } from './append-file.ts';
import type { ClusterAppender } from './cluster-appender.ts';
import { COMPRESSED_HIGH, SECTOR_BYTES } from './constants.ts';

/** An L2 entry as its two halves. */
export type L2Entry = { readonly high: number; readonly low: number };

/** Packs compressed clusters one behind the other, byte by byte, across host clusters while these lie together. */
export class CompressedAppender {
  readonly #file: AppendFile;
  readonly #appender: ClusterAppender;
  readonly #clusterBytes: number;
  #position = 0;

  constructor(file: AppendFile, appender: ClusterAppender, clusterBytes: number) {
    this.#file = file;
    this.#appender = appender;
    this.#clusterBytes = clusterBytes;
  }

  /** Stores `packed` (shorter than a cluster) and returns the entry that refers to it. */
  async append(packed: Uint8Array): Promise<L2Entry> {
    const offset = await this.#place(packed.byteLength);
    this.#position = offset + packed.byteLength;
    await this.#file.write(packed, offset);
    const sectors =
      Math.floor((offset + packed.byteLength - 1) / SECTOR_BYTES) - Math.floor(offset / SECTOR_BYTES);
    const shift = 62 - (Math.log2(this.#clusterBytes) - 8) - 32;
    return {
      high: COMPRESSED_HIGH + sectors * 2 ** shift + Math.floor(offset / 2 ** 32),
      low: offset % 2 ** 32,
    };
  }

  /** Lets the next cluster begin in a host cluster of its own: what was given out before gets no more references. */
  close(): void {
    this.#position = 0;
  }

  async #place(length: number): Promise<number> {
    const room = (this.#clusterBytes - (this.#position % this.#clusterBytes)) % this.#clusterBytes;
    const open = Math.floor(this.#position / this.#clusterBytes);
    if (room > 0 && length <= room && this.#appender.addReference(open)) return this.#position;
    const next = await this.#appender.takeOne(1);
    const together = room > 0 && length > room && next === open + 1;
    // A cluster that begins a refcount block is never behind an open one, so both counts are in memory.
    return together && this.#appender.addReference(open) ? this.#position : next * this.#clusterBytes;
  }
}
