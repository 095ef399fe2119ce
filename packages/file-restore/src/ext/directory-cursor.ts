import { setImmediate } from 'node:timers/promises';
import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import type { DirectoryEntry } from '../file-system-reader.ts';
import { type PlacedEntry, parseDirectoryBlock } from './directory.ts';

/** Read at once: a folder of 100,000 names takes some tens of requests. */
const WINDOW_BYTES = 256 * 1024;

/** Blocks after which others get their turn. */
const BLOCKS_PER_TURN = 64;

/** A folder as bytes. */
export type DirectoryBytes = {
  /** Reads a part of the folder; holes are zeros. */
  readonly load: (offset: number, length: number) => Promise<Uint8Array>;
  readonly sizeBytes: number;
  readonly blockBytes: number;
  readonly hasFileTypes: boolean;
  /** A `position` of before. */
  readonly from: string | undefined;
};

/** Goes through a folder block by block; a damaged block is counted and skipped. */
export class DirectoryCursor {
  /** Blocks that could not be read, or in part only. */
  damagedBlocks = 0;
  readonly #folder: DirectoryBytes;
  #window: Uint8Array = new Uint8Array(0);
  #windowAt = 0;
  /** Start of the block that is read now, its entries that are left, and where the last one that was given ends. */
  #block: number;
  #entries: PlacedEntry[] = [];
  #within: number;

  /** Throws `CONFIG_INVALID` for a `from` that no page gave. */
  constructor(folder: DirectoryBytes) {
    const position = folder.from === undefined ? 0 : Number(folder.from);
    if (!Number.isSafeInteger(position) || position < 0 || position > folder.sizeBytes || folder.from === '')
      throw new SendenseError('CONFIG_INVALID', 'this is no place in the folder to go on from', {
        operation: 'list-folder',
        remedy: 'give what the page before named as the next one',
      });
    this.#folder = folder;
    this.#within = position % folder.blockBytes;
    this.#block = position - this.#within - folder.blockBytes;
    this.#skipTo = this.#within;
  }

  /** Entries of the first block that end here or before were given already. */
  #skipTo: number;

  /** Where to go on after the last entry that was given. */
  get position(): string {
    return String(this.#block + this.#within);
  }

  /** Nothing follows. */
  get isAtEnd(): boolean {
    return this.#entries.length === 0 && this.#block + this.#folder.blockBytes >= this.#folder.sizeBytes;
  }

  /** The next entry; `undefined` after the last. */
  async next(call?: Call): Promise<DirectoryEntry | undefined> {
    for (let blocks = 0; ; ) {
      const entry = this.#entries.pop();
      if (entry !== undefined) {
        const { name, node, type, end } = entry;
        this.#within = end;
        return { name, node, type };
      }
      throwIfAborted(call?.signal, 'list-folder');
      if (this.isAtEnd) return undefined;
      // a folder that is one large hole loads nothing: others, and whoever cancels, get their turn
      if (++blocks % BLOCKS_PER_TURN === 0) await setImmediate();
      await this.#nextBlock();
    }
  }

  async #nextBlock(): Promise<void> {
    const { blockBytes, hasFileTypes } = this.#folder;
    this.#block += blockBytes;
    this.#within = 0;
    const { entries, isDamaged } = parseDirectoryBlock(await this.#load(this.#block), hasFileTypes);
    if (isDamaged) this.damagedBlocks += 1;
    this.#entries = entries.filter(({ end }) => end > this.#skipTo).toReversed();
    this.#skipTo = 0;
  }

  async #load(offset: number): Promise<Uint8Array> {
    const { blockBytes, sizeBytes, load } = this.#folder;
    if (offset < this.#windowAt || offset + blockBytes > this.#windowAt + this.#window.byteLength) {
      const length = Math.max(blockBytes, Math.min(WINDOW_BYTES, sizeBytes - offset));
      this.#window = await load(offset, length);
      this.#windowAt = offset;
    }
    return this.#window.subarray(offset - this.#windowAt, offset - this.#windowAt + blockBytes);
  }
}
