import { setImmediate } from 'node:timers/promises';
import { type ByteRange, type Call, SendenseError, throwIfAborted } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import type { DirectoryEntry } from '../file-system-reader.ts';
import { wrongPlace } from './wrong-place.ts';

/** Read at once: a folder of 100,000 names takes some tens of requests. */
const WINDOW_BYTES = 256 * 1024;

/** Blocks after which others get their turn. */
const BLOCKS_PER_TURN = 64;

/** An entry and where it ends in its block, in bytes. */
export type PlacedEntry = DirectoryEntry & { readonly end: number };

/** Entries of one block of a folder. `isDamaged`: the rest of it could not be read, or a name leads elsewhere. */
export type ParsedBlock = { readonly entries: readonly PlacedEntry[]; readonly isDamaged: boolean };

/** A folder as bytes. */
export type DirectoryBytes = {
  /** The first data at `offset` or behind it, at most so many bytes without a hole; `undefined`: a hole up to the end. */
  readonly nextData: (offset: number, most: number) => Promise<ByteRange | undefined>;
  /** Reads data. */
  readonly load: (data: ByteRange) => Promise<Uint8Array>;
  readonly parse: (block: Uint8Array) => ParsedBlock;
  /** Whether the format leaves holes in folders; where it does not, they are damage. */
  readonly hasHoles: boolean;
  readonly sizeBytes: number;
  readonly blockBytes: number;
  /** A `position` of before. */
  readonly from: string | undefined;
};

/** Goes through a folder block by block; a damaged block is counted and skipped, a hole at once. */
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
      throw wrongPlace();
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
      // blocks that are in memory wait for nobody: others, and whoever cancels, get their turn
      if (++blocks % BLOCKS_PER_TURN === 0) await setImmediate();
      await this.#nextBlock();
    }
  }

  async #nextBlock(): Promise<void> {
    const { blockBytes, parse } = this.#folder;
    this.#block += blockBytes;
    this.#within = 0;
    const bytes = await this.#blockBytes();
    if (bytes === undefined) return;
    const { entries, isDamaged } = parse(bytes);
    if (isDamaged) this.damagedBlocks += 1;
    this.#entries = entries.filter(({ end }) => end > this.#skipTo).toReversed();
    this.#skipTo = 0;
  }

  /** The block that is read now, or the next one that is there; `undefined`: the folder ended in a hole. */
  async #blockBytes(): Promise<Uint8Array | undefined> {
    const { blockBytes, sizeBytes, nextData, load, hasHoles } = this.#folder;
    if (this.#block + blockBytes > this.#windowAt + this.#window.byteLength) {
      const data = await nextData(this.#block, WINDOW_BYTES);
      const end = Math.ceil(sizeBytes / blockBytes) * blockBytes;
      const from = data === undefined ? end : data.offset - (data.offset % blockBytes);
      if (from > this.#block) {
        if (!hasHoles) this.damagedBlocks += (from - this.#block) / blockBytes;
        this.#skipTo = 0;
        this.#block = Math.min(from, end - blockBytes);
      }
      if (data === undefined) return undefined;
      const length = data.offset + data.length - from;
      this.#window = await load({
        offset: from,
        length: length + ((blockBytes - (length % blockBytes)) % blockBytes),
      });
      this.#windowAt = from;
    }
    return this.#window.subarray(this.#block - this.#windowAt, this.#block - this.#windowAt + blockBytes);
  }
}

/** The first data of ascending runs at `offset` or behind it, as far as no hole follows, at most `most` bytes; for `nextData`. */
export async function firstData(
  runs: AsyncIterable<BlockRun>,
  blockBytes: number,
  offset: number,
  most: number,
): Promise<ByteRange | undefined> {
  let [from, to] = [-1, -1];
  try {
    for await (const { fileBlock, blocks } of runs) {
      const end = (fileBlock + blocks) * blockBytes;
      if (end <= offset) continue;
      const start = Math.max(offset, fileBlock * blockBytes);
      if (from === -1) from = start;
      else if (start > to) break;
      to = Math.min(end, from + most);
      if (to - from >= most) break;
    }
  } catch (error) {
    // data before the damage can be read; who asks for what follows is told
    if (from === -1 || !SendenseError.is(error, 'CORRUPT')) throw error;
  }
  return from === -1 ? undefined : { offset: from, length: to - from };
}
