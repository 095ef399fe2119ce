import { bitRun } from '../blocks/bit-run.ts';
import type { Run } from '../chain/run.ts';
import { TABLE_PAGE_BYTES, type TablePages } from '../chain/table-pages.ts';
import type { FilePart } from '../check/file-parts.ts';
import { BLOCK_STATE, HEADER_SECTION_BYTES, MIB } from './constants.ts';
import { chunkRatio, tableEntries } from './disk-parameters.ts';
import { corrupt } from './format-error.ts';
import type { VhdxHead } from './read-head.ts';
import { overlap } from './region-table.ts';

const PER_PAGE = TABLE_PAGE_BYTES / 8;

/** Blocks without content whose places are remembered in a check. */
const MAX_KEPT = 65_536;

/** What a {@link BlockMap} needs to know of an image. */
export type BlockMapOptions = Pick<VhdxHead, 'disk' | 'table' | 'reserved'> & {
  readonly fileBytes: number;
  readonly tables: TablePages;
};

/** Entries of the table of which `first` is the first one. */
type Page = { readonly first: number; readonly view: DataView };

/** What an entry of the table says. */
type Entry = { readonly state: number; readonly place: number };

/** Finds where the blocks of a VHDX lie, reading its table and sector bitmaps as they are needed. */
export class BlockMap {
  readonly #options: BlockMapOptions;
  readonly #ratio: number;

  constructor(options: BlockMapOptions) {
    this.#options = options;
    this.#ratio = chunkRatio(options.disk);
  }

  /** See `Layer.runAt`. */
  runAt(offset: number, end: number): Run | Promise<Run> {
    const block = Math.floor(offset / this.#options.disk.blockBytes);
    const page = this.#page(this.#indexOf(block));
    return page instanceof Promise
      ? page.then((loaded) => this.#inTable(loaded, offset, end))
      : this.#inTable(page, offset, end);
  }

  /** The parts of the file that are in use. */
  async *parts(): AsyncGenerator<FilePart> {
    const { disk, reserved, fileBytes, table } = this.#options;
    const own = (offset: number, length: number, what: () => string): FilePart => {
      return { offset, length, use: 'own', what };
    };
    yield own(0, HEADER_SECTION_BYTES, () => 'the header section');
    for (const { offset, length } of reserved) yield own(offset, length, () => 'a region');
    const entries = Math.min(tableEntries(disk), table.length / 8);
    const kept: FilePart[] = [];
    let firstBlock = fileBytes;
    for (let first = 0; first < entries; first += PER_PAGE) {
      const page = await this.#page(first);
      for (let index = first; index < Math.min(entries, first + PER_PAGE); index += 1) {
        const { state, place } = entryAt(page, index);
        const isBitmap = index % (this.#ratio + 1) === this.#ratio;
        // The file may end with the disk in the middle of the last block.
        const length = Math.min(isBitmap ? MIB : disk.blockBytes, fileBytes - place);
        const part = own(
          place,
          length,
          () => `${isBitmap ? 'the sector bitmap' : 'the block'} of entry ${index}`,
        );
        if (state === BLOCK_STATE.full || state === BLOCK_STATE.partial) {
          firstBlock = Math.min(firstBlock, place);
          yield part;
        }
        // A block whose content went may keep its place.
        else if (place > 0 && length > 0 && kept.length < MAX_KEPT) kept.push({ ...part, use: 'shared' });
      }
    }
    // QEMU leaves room for tables in front of the first block.
    yield { ...own(0, firstBlock, () => 'the head of the file'), use: 'shared' };
    yield* kept;
  }

  #inTable(page: Page, offset: number, end: number): Run | Promise<Run> {
    const { blockBytes } = this.#options.disk;
    const block = Math.floor(offset / blockBytes);
    const entry = entryAt(page, this.#indexOf(block));
    if (entry.state === BLOCK_STATE.partial) return this.#partial(entry.place, offset, end);
    const kind = this.#kindOf(entry.state, block);
    if (kind === 'data') this.#check(entry.place, block);
    let stop = block + 1;
    for (; stop * blockBytes < end && this.#isInPage(page, stop); stop += 1) {
      const next = entryAt(page, this.#indexOf(stop));
      if (
        next.state !== entry.state ||
        (kind === 'data' && next.place !== entry.place + (stop - block) * blockBytes)
      )
        break;
      if (kind === 'data') this.#check(next.place, stop);
    }
    const range = { start: offset, end: Math.min(stop * blockBytes, end) };
    return kind === 'data'
      ? { kind, ...range, hostOffset: entry.place + offset - block * blockBytes }
      : { kind, ...range };
  }

  /** A block of which some sectors are here and some with the parent. */
  #partial(place: number, offset: number, end: number): Run | Promise<Run> {
    const { blockBytes, parent } = this.#options.disk;
    const block = Math.floor(offset / blockBytes);
    if (parent === undefined) throw corrupt(`block ${block} is there in part, and there is no parent`);
    this.#check(place, block);
    const index = Math.floor(block / this.#ratio) * (this.#ratio + 1) + this.#ratio;
    const page = this.#page(index);
    const find = (loaded: Page) => this.#inBitmap(entryAt(loaded, index), place, offset, end);
    return page instanceof Promise ? page.then(find) : find(page);
  }

  #inBitmap(bitmap: Entry, place: number, offset: number, end: number): Run | Promise<Run> {
    const { disk, tables } = this.#options;
    const block = Math.floor(offset / disk.blockBytes);
    if (bitmap.state !== BLOCK_STATE.full) throw corrupt(`the sector bitmap of block ${block} is missing`);
    this.#checkPlace(bitmap.place, MIB, `the sector bitmap of block ${block}`);
    const sectors = disk.blockBytes / disk.logicalSectorBytes;
    // Bits are counted from the start of the chunk of blocks that share the bitmap.
    const firstBit = (block % this.#ratio) * sectors;
    const bit = firstBit + Math.floor((offset % disk.blockBytes) / disk.logicalSectorBytes);
    const pageAt = Math.floor(bit / 8 / TABLE_PAGE_BYTES) * TABLE_PAGE_BYTES;
    const scan = (bits: DataView): Run => {
      const wanted = firstBit + Math.ceil((end - block * disk.blockBytes) / disk.logicalSectorBytes);
      const last = Math.min(firstBit + sectors, wanted, (pageAt + TABLE_PAGE_BYTES) * 8);
      const run = bitRun(bits, bit - pageAt * 8, last - pageAt * 8, 'low-first');
      const stop = block * disk.blockBytes + (run.end + pageAt * 8 - firstBit) * disk.logicalSectorBytes;
      const range = { start: offset, end: Math.min(stop, end) };
      return run.set
        ? { kind: 'data', ...range, hostOffset: place + (offset % disk.blockBytes) }
        : { kind: 'absent', ...range };
    };
    const page = tables.page(bitmap.place + pageAt, TABLE_PAGE_BYTES, 'a sector bitmap');
    return page instanceof Promise ? page.then(scan) : scan(page);
  }

  #kindOf(state: number, block: number): 'data' | 'zero' | 'absent' {
    if (state === BLOCK_STATE.full) return 'data';
    if (state === BLOCK_STATE.notPresent) return this.#options.disk.parent === undefined ? 'zero' : 'absent';
    if (state === BLOCK_STATE.zero || state === BLOCK_STATE.unmapped || state === BLOCK_STATE.undefined)
      return 'zero';
    throw corrupt(`block ${block} is in state ${state}, which the format does not define`);
  }

  /** Entry of a block in the table: one of sector bitmap follows each chunk, also where there is no parent. */
  #indexOf(block: number): number {
    return block + Math.floor(block / this.#ratio);
  }

  #isInPage({ first, view }: Page, block: number): boolean {
    return this.#indexOf(block) < first + view.byteLength / 8;
  }

  #page(index: number): Page | Promise<Page> {
    const { table, tables } = this.#options;
    const first = index - (index % PER_PAGE);
    const length = Math.min(TABLE_PAGE_BYTES, table.length - first * 8);
    const view = tables.page(table.offset + first * 8, length, 'the block table');
    return view instanceof Promise ? view.then((loaded) => ({ first, view: loaded })) : { first, view };
  }

  #check(place: number, block: number): void {
    const { disk } = this.#options;
    // The file may end with the disk in the middle of the last block.
    const length = Math.min(disk.blockBytes, disk.sizeBytes - block * disk.blockBytes);
    this.#checkPlace(place, length, `block ${block}`);
  }

  #checkPlace(place: number, length: number, what: string): void {
    const { fileBytes, reserved } = this.#options;
    if (place + length > fileBytes)
      throw corrupt(`${what} lies outside the file, which may have been cut short`);
    const isOn = reserved.some((region) => overlap(region, { offset: place, length }));
    if (place < HEADER_SECTION_BYTES || isOn) throw corrupt(`${what} lies on the tables of the file`);
  }
}

/** Bits 0–2 are the state, bits 20–63 the place in MiB. */
function entryAt({ first, view }: Page, index: number): Entry {
  const at = (index - first) * 8;
  const low = view.getUint32(at, true);
  return { state: low & 7, place: (view.getUint32(at + 4, true) * 4096 + (low >>> 20)) * MIB };
}
