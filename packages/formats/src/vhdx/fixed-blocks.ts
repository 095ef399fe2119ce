import { SendenseError } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import type { BlockPlaces } from '../blocks/block-places.ts';
import type { PagedTable, Slot } from '../blocks/paged-table.ts';

/** What {@link FixedBlocks} are made of. */
export type FixedBlocksOptions = {
  readonly blocks: number;
  readonly blockBytes: number;
  /** Where the first block lies in the file. */
  readonly firstOffset: number;
  readonly entryOffset: (block: number) => number;
  readonly writeEntry: (slot: Slot, position: number) => void;
};

/** Blocks that all have their place from the start, one behind the other. */
export class FixedBlocks implements BlockPlaces {
  readonly blockBytes: number;
  readonly endBytes: number;
  readonly #handle: FileHandle;
  readonly #table: PagedTable;
  readonly #options: FixedBlocksOptions;
  #isSized = false;

  constructor(handle: FileHandle, table: PagedTable, options: FixedBlocksOptions) {
    const { blocks, blockBytes, firstOffset } = options;
    this.blockBytes = blockBytes;
    this.endBytes = firstOffset + blocks * blockBytes;
    this.#handle = handle;
    this.#table = table;
    this.#options = options;
  }

  find(block: number): number {
    return this.#options.firstOffset + block * this.blockBytes;
  }

  next(block: number): number {
    return block;
  }

  take(): Promise<number> {
    throw new SendenseError('UNEXPECTED', 'all blocks have their place', { operation: 'write-image' });
  }

  giveBack = (): void => undefined;

  resume = async (): Promise<void> => undefined;

  async refer(): Promise<void> {
    await this.take();
  }

  /** Gives the file its length, and all blocks their entries. */
  async trim(endBytes: (end: number) => number): Promise<void> {
    if (this.#isSized) return;
    const { blocks, entryOffset, writeEntry } = this.#options;
    await this.#handle.truncate(endBytes(this.endBytes));
    for (let block = 0; block < blocks; block += 1) {
      const changing = this.#table.change(entryOffset(block), (slot) => writeEntry(slot, this.find(block)));
      // a promise for each of 262,144 blocks of 8 TiB would be 40 MiB of garbage
      if (changing !== undefined) await changing;
    }
    this.#isSized = true;
  }
}
