import { bitRun } from '../blocks/bit-run.ts';
import type { Run } from '../chain/run.ts';
import { TABLE_PAGE_BYTES, type TablePages } from '../chain/table-pages.ts';
import type { FilePart } from '../check/file-parts.ts';
import { FOOTER_BYTES, HEADER_BYTES, SECTOR_BYTES, UNUSED_BLOCK } from './constants.ts';
import { corrupt } from './format-error.ts';
import type { VhdHead } from './read-head.ts';

const PER_PAGE = TABLE_PAGE_BYTES / 4;

/** Bytes of the sector bitmap before each block: a bit for each sector, in whole sectors. */
export function bitmapBytes(blockBytes: number): number {
  return Math.ceil(blockBytes / SECTOR_BYTES / 8 / SECTOR_BYTES) * SECTOR_BYTES;
}

/** The part of a head that the map of a disk with blocks needs. */
export type BlockMapOptions = Required<Pick<VhdHead, 'header'>> &
  Pick<VhdHead, 'sizeBytes' | 'contentBytes'> & {
    readonly headerOffset: number;
    /** What is stored nowhere: the parent decides, or it is zeros. */
    readonly elsewhere: 'absent' | 'zero';
    readonly tables: TablePages;
  };

/** Finds where sectors of a dynamic or differencing disk lie, reading table and bitmaps as they are needed. */
export class BlockMap {
  readonly #options: BlockMapOptions;
  readonly #blocks: number;
  readonly #bitmapBytes: number;

  constructor(options: BlockMapOptions) {
    const { blockBytes } = options.header;
    this.#options = options;
    this.#blocks = Math.ceil(options.sizeBytes / blockBytes);
    this.#bitmapBytes = bitmapBytes(blockBytes);
  }

  /** See `Layer.runAt`. */
  runAt(offset: number, end: number): Run | Promise<Run> {
    const { tables, header } = this.#options;
    const block = Math.floor(offset / header.blockBytes);
    const first = block - (block % PER_PAGE);
    const length = Math.min(PER_PAGE, this.#blocks - first) * 4;
    const page = tables.page(header.tableOffset + first * 4, length, 'the block allocation table');
    if (page instanceof Promise) return page.then((loaded) => this.#inTable(loaded, first, offset, end));
    return this.#inTable(page, first, offset, end);
  }

  /** The parts of the file that are in use. */
  async *parts(): AsyncGenerator<FilePart> {
    const { header, headerOffset, contentBytes, tables } = this.#options;
    const own = (offset: number, length: number, what: string): FilePart => {
      return { offset, length, use: 'own', what: () => what };
    };
    yield own(0, FOOTER_BYTES, 'the copy of the footer');
    yield own(headerOffset, HEADER_BYTES, 'the header');
    yield own(header.tableOffset, this.#blocks * 4, 'the block allocation table');
    for (let first = 0; first < this.#blocks; first += PER_PAGE) {
      const entries = Math.min(PER_PAGE, this.#blocks - first);
      const page = await tables.page(
        header.tableOffset + first * 4,
        entries * 4,
        'the block allocation table',
      );
      for (let index = 0; index < entries; index += 1) {
        const entry = page.getUint32(index * 4);
        if (entry === UNUSED_BLOCK) continue;
        const offset = entry * SECTOR_BYTES;
        // The file may end with the disk in the middle of the last block.
        const length = Math.min(this.#bitmapBytes + header.blockBytes, contentBytes - offset);
        yield { offset, length, use: 'own', what: () => `block ${first + index}` };
      }
    }
    yield own(contentBytes, FOOTER_BYTES, 'the footer');
  }

  /** What a block takes in the file. */
  get unitBytes(): number {
    return this.#bitmapBytes + this.#options.header.blockBytes;
  }

  #inTable(table: DataView, first: number, offset: number, end: number): Run | Promise<Run> {
    const { header, elsewhere, tables } = this.#options;
    const { blockBytes } = header;
    const block = Math.floor(offset / blockBytes);
    const entry = table.getUint32((block - first) * 4);
    if (entry === UNUSED_BLOCK) {
      const stop = unusedUntil(table, block - first + 1) + first;
      return { kind: elsewhere, start: offset, end: Math.min(stop * blockBytes, end) };
    }
    const place = this.#checked(entry * SECTOR_BYTES, block);
    const byte = Math.floor((offset - block * blockBytes) / SECTOR_BYTES / 8);
    const pageAt = byte - (byte % TABLE_PAGE_BYTES);
    const length = Math.min(TABLE_PAGE_BYTES, this.#bitmapBytes - pageAt);
    const page = tables.page(place + pageAt, length, 'the bitmap of a block');
    if (page instanceof Promise) return page.then((bits) => this.#inBitmap(bits, pageAt, place, offset, end));
    return this.#inBitmap(page, pageAt, place, offset, end);
  }

  #inBitmap(bits: DataView, pageAt: number, place: number, offset: number, end: number): Run {
    const { header, elsewhere } = this.#options;
    const { blockBytes } = header;
    const block = Math.floor(offset / blockBytes);
    const firstSector = pageAt * 8;
    const sector = Math.floor((offset - block * blockBytes) / SECTOR_BYTES);
    const sectors = Math.min(blockBytes / SECTOR_BYTES, firstSector + bits.byteLength * 8);
    const wanted = Math.ceil((end - block * blockBytes) / SECTOR_BYTES);
    const run = bitRun(bits, sector - firstSector, Math.min(sectors, wanted) - firstSector, 'high-first');
    const stop = Math.min(block * blockBytes + (firstSector + run.end) * SECTOR_BYTES, end);
    if (!run.set) return { kind: elsewhere, start: offset, end: stop };
    const hostOffset = place + this.#bitmapBytes + (offset - block * blockBytes);
    return { kind: 'data', start: offset, end: stop, hostOffset };
  }

  /** The place of a block, when it lies inside the file and on none of its headers. */
  #checked(place: number, block: number): number {
    const { header, headerOffset, contentBytes } = this.#options;
    const length = this.#bitmapBytes + header.blockBytes;
    const isOn = (start: number, bytes: number) => place < start + bytes && place + length > start;
    const where = `block ${block} lies`;
    if (isOn(0, FOOTER_BYTES) || isOn(headerOffset, HEADER_BYTES)) throw corrupt(`${where} on the headers`);
    if (isOn(header.tableOffset, this.#blocks * 4)) throw corrupt(`${where} on the block allocation table`);
    if (place + this.#bitmapBytes >= contentBytes)
      throw corrupt(`${where} outside the file, which may have been cut short`);
    return place;
  }
}

function unusedUntil(table: DataView, from: number): number {
  let index = from;
  while (index < table.byteLength / 4 && table.getUint32(index * 4) === UNUSED_BLOCK) index += 1;
  return index;
}
