import { SECTOR_BYTES, ZEROED_GRAIN } from './constants.ts';
import type { SesparseHeader } from './sesparse-header.ts';

/** What an entry says instead of a place in the file. */
export const ABSENT = 0;
export const ZERO = -1;
/** It contradicts the format. */
export const INVALID = -2;

/** The entries of the grain directory and the grain tables of one kind of sparse file. Places in bytes. */
export interface GrainEntries {
  readonly entryBytes: 4 | 8;
  /** Where the grain table of the directory entry at `at` lies, of which `neededBytes` are used; or a word above. */
  table(view: DataView, at: number, neededBytes: number): number;
  /** Where the grain of the table entry at `at` lies; or a word above. */
  grain(view: DataView, at: number): number;
}

/** Entries of 32 bits that are sector numbers: hosted sparse files and COWD. */
export class SectorEntries implements GrainEntries {
  readonly entryBytes = 4;
  readonly #fileBytes: number;
  readonly #firstByte: number;
  readonly #zeroedGrains: boolean;

  /** Nothing lies before `firstByte`: the header and the descriptor do. */
  constructor(options: {
    readonly fileBytes: number;
    readonly firstByte: number;
    readonly zeroedGrains: boolean;
  }) {
    this.#fileBytes = options.fileBytes;
    this.#firstByte = options.firstByte;
    this.#zeroedGrains = options.zeroedGrains;
  }

  table(view: DataView, at: number, neededBytes: number): number {
    const position = view.getUint32(at, true) * SECTOR_BYTES;
    if (position === 0) return ABSENT;
    return position >= this.#firstByte && position + neededBytes <= this.#fileBytes ? position : INVALID;
  }

  grain(view: DataView, at: number): number {
    const sector = view.getUint32(at, true);
    if (sector === 0) return ABSENT;
    if (sector === ZEROED_GRAIN && this.#zeroedGrains) return ZERO;
    const position = sector * SECTOR_BYTES;
    return position >= this.#firstByte && position < this.#fileBytes ? position : INVALID;
  }
}

/** Upper half of a directory entry with a grain table; the lower half is its index. */
const TABLE_ALLOCATED = 0x1000_0000;
/** The upper four bits of a table entry. */
const GRAIN_UNMAPPED = 1;
const GRAIN_ZERO = 2;
const GRAIN_ALLOCATED = 3;

/** Entries of 64 bits with a type and an index: SESparse. */
export class SesparseEntries implements GrainEntries {
  readonly entryBytes = 8;
  readonly #header: SesparseHeader;
  readonly #fileBytes: number;

  constructor(header: SesparseHeader, fileBytes: number) {
    this.#header = header;
    this.#fileBytes = fileBytes;
  }

  table(view: DataView, at: number, neededBytes: number): number {
    const [high, index] = [view.getUint32(at + 4, true), view.getUint32(at, true)];
    if (high === 0 && index === 0) return ABSENT;
    const { tables, tableSectors } = this.#header;
    if (high !== TABLE_ALLOCATED || (index + 1) * tableSectors > tables.sectors) return INVALID;
    const position = (tables.offset + index * tableSectors) * SECTOR_BYTES;
    return position > 0 && position + neededBytes <= this.#fileBytes ? position : INVALID;
  }

  grain(view: DataView, at: number): number {
    const [high, low] = [view.getUint32(at + 4, true), view.getUint32(at, true)];
    const type = high >>> 28;
    if (type === GRAIN_ALLOCATED) return this.#allocated(high, low);
    // An unmapped grain was discarded by the guest; it reads as zeros and hides the parent.
    if (type === GRAIN_ZERO || type === GRAIN_UNMAPPED) return ZERO;
    return high === 0 && low === 0 ? ABSENT : INVALID;
  }

  /** The lowest twelve bits of the index are bits 48–59 of the entry, the others its bits 0–47. */
  #allocated(high: number, low: number): number {
    const { grains, grainSectors } = this.#header;
    const index = ((high & 0xffff) * 2 ** 32 + low) * 4096 + ((high >>> 16) & 0xfff);
    if ((index + 1) * grainSectors > grains.sectors) return INVALID;
    const position = (grains.offset + index * grainSectors) * SECTOR_BYTES;
    return position > 0 && position < this.#fileBytes ? position : INVALID;
  }
}
