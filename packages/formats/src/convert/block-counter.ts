import type { Extent } from '@sendense/core';

/** Counts the blocks of one size that hold data, of extents that ascend. */
export class BlockCounter {
  readonly #blockBytes: number;
  #next = 0;
  #count = 0;

  constructor(blockBytes: number) {
    this.#blockBytes = blockBytes;
  }

  get count(): number {
    return this.#count;
  }

  add({ offset, length, kind }: Extent): void {
    if (kind === 'zero' || length === 0) return;
    const first = Math.max(this.#next, Math.floor(offset / this.#blockBytes));
    const end = Math.ceil((offset + length) / this.#blockBytes);
    this.#count += Math.max(0, end - first);
    this.#next = Math.max(this.#next, end);
  }
}
