import type { ByteSource } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';

/** What the block maps of one file are read with; made anew for each walk, because it counts. */
export class MapContext {
  readonly source: ByteSource;
  readonly blockBytes: number;
  /** What the checksums of its nodes go on from; `undefined`: they have none. */
  readonly checksumSeed: number | undefined;
  readonly #blocks: number;
  #left: number;

  constructor(source: ByteSource, blockBytes: number, blocks: number, checksumSeed?: number) {
    this.source = source;
    this.blockBytes = blockBytes;
    this.checksumSeed = checksumSeed;
    this.#blocks = blocks;
    this.#left = blocks;
  }

  /**
   * Throws `CORRUPT` unless the blocks lie on the volume, and when a file names more blocks than the volume has: it names some
   * again and again then, and reading it would not end in a reasonable time.
   */
  check(first: number, blocks: number): void {
    if (first < 1 || first + blocks > this.#blocks)
      throw damaged('a file points outside of its file system', { block: first, blocks });
    this.#left -= blocks;
    if (this.#left < 0) throw damaged('a file has more blocks than its file system');
  }
}
