import type { FileHandle } from '@sendense/plugin-kit/files';
import type { WriterCheckpoint } from '../writer-checkpoint.ts';
import type { BlockPlaces } from './block-places.ts';
import type { PagedTable, Slot } from './paged-table.ts';

/** The file is made longer by a quarter, up to this at once: few calls, and no driver writes behind its end. */
const GROW_BYTES = 64 * 1024 * 1024;

/** How a format keeps its blocks. */
export type BlockLayout = {
  readonly blockBytes: number;
  /** What lies before the data of each block. */
  readonly lead: Uint8Array;
  /** Where the first block lies in the file. */
  readonly firstOffset: number;
  /** Offset in the table of the entry of a block. */
  readonly entryOffset: (block: number) => number;
  /** Offset in the file of the data of the block, as its entry says it. */
  readonly readEntry: (slot: Slot) => number | undefined;
  readonly writeEntry: (slot: Slot, position: number) => void;
  /** Makes the entry that of a block without a place. */
  readonly clearEntry: (slot: Slot) => void;
};

/** Blocks that get their place at the end of the file when something is written to them. */
export class GrowingBlocks implements BlockPlaces {
  readonly blockBytes: number;
  readonly #handle: FileHandle;
  readonly #table: PagedTable;
  readonly #layout: BlockLayout;
  readonly #spare: number[] = [];
  #end: number;
  #fileBytes = 0;

  constructor(handle: FileHandle, table: PagedTable, layout: BlockLayout) {
    this.blockBytes = layout.blockBytes;
    this.#handle = handle;
    this.#table = table;
    this.#layout = layout;
    this.#end = layout.firstOffset;
  }

  get endBytes(): number {
    return this.#end;
  }

  find(block: number): number | undefined | Promise<number | undefined> {
    const slot = this.#table.read(this.#layout.entryOffset(block));
    return slot instanceof Promise ? slot.then(this.#layout.readEntry) : this.#layout.readEntry(slot);
  }

  next(block: number, end: number): number {
    const { entryOffset } = this.#layout;
    const last = entryOffset(end);
    let at = block;
    for (let step = 1; at < end; step *= 2) {
      const next = Math.min(end, at + step);
      // Entries of other kinds may lie between those of blocks, so that there is no way back from an offset to a block.
      if (this.#table.nextChanged(entryOffset(at), last) < entryOffset(next)) return at;
      at = next;
    }
    return end;
  }

  async take(): Promise<number> {
    const spare = this.#spare.pop();
    if (spare !== undefined) return spare;
    const { lead, blockBytes } = this.#layout;
    const start = this.#end;
    this.#end += lead.byteLength + blockBytes;
    await this.#grow();
    if (lead.byteLength > 0) await this.#handle.write(lead, start);
    return start + lead.byteLength;
  }

  giveBack(position: number): void {
    this.#spare.push(position);
  }

  async refer(block: number, position: number): Promise<void> {
    const { entryOffset, writeEntry } = this.#layout;
    await this.#table.change(entryOffset(block), (slot) => writeEntry(slot, position));
  }

  /** What got its place after the checkpoint lies behind the end, or in room that had been given back: that is as good. */
  async resume({ doneBytes, fileBytes }: WriterCheckpoint, sizeBytes: number): Promise<void> {
    const { entryOffset, clearEntry } = this.#layout;
    this.#end = fileBytes;
    this.#fileBytes = fileBytes;
    await this.#handle.truncate(fileBytes);
    this.#table.adopt();
    const blocks = Math.ceil(sizeBytes / this.blockBytes);
    for (let block = Math.floor(doneBytes / this.blockBytes); block < blocks; block += 1) {
      const found = this.find(block);
      const position = found instanceof Promise ? await found : found;
      if (position !== undefined && position + this.blockBytes > fileBytes)
        await this.#table.change(entryOffset(block), clearEntry);
    }
  }

  /** Brings the file to its right length: what was given back at its end is cut off. */
  async trim(endBytes: (end: number) => number): Promise<void> {
    const { lead, blockBytes } = this.#layout;
    const whole = lead.byteLength + blockBytes;
    for (let last = this.#lastSpare(); last !== -1; last = this.#lastSpare()) {
      this.#spare.splice(last, 1);
      this.#end -= whole;
    }
    this.#fileBytes = endBytes(this.#end);
    await this.#handle.truncate(this.#fileBytes);
  }

  /** Which of the room given back lies at the very end. */
  #lastSpare(): number {
    return this.#spare.indexOf(this.#end - this.#layout.blockBytes);
  }

  async #grow(): Promise<void> {
    if (this.#end <= this.#fileBytes) return;
    this.#fileBytes = this.#end + Math.min(GROW_BYTES, Math.floor(this.#end / 4));
    await this.#handle.truncate(this.#fileBytes);
  }
}
