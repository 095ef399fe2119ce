import { ENTRIES_PER_TABLE, GRAIN_BYTES, GRAIN_SECTORS, HOSTED_FLAG, SECTOR_BYTES } from './constants.ts';
import type { HostedHeader } from './hosted-header.ts';

const TABLE_SECTORS = (ENTRIES_PER_TABLE * 4) / SECTOR_BYTES;
/** Room of the descriptor, as VMware leaves it. */
const DESCRIPTOR_SECTORS = 20;

/**
 * Where everything lies in a new sparse extent: header, descriptor, then the redundant directory with its tables, the
 * directory with its tables, and the grains. In sectors. All tables have their places from the start: QEMU writes to no image
 * whose tables are missing; those that nobody fills are holes of the file.
 */
export type SparseLayout = {
  readonly header: HostedHeader;
  readonly tableCount: number;
  /** The first redundant grain table. */
  readonly redundantTables: number;
  /** The first grain table. */
  readonly tables: number;
};

/** The layout of an image of `sizeBytes`. */
export function sparseLayout(sizeBytes: number): SparseLayout {
  const tableCount = Math.ceil(sizeBytes / (ENTRIES_PER_TABLE * GRAIN_BYTES));
  const directorySectors = Math.ceil((tableCount * 4) / SECTOR_BYTES);
  const redundantOffset = 1 + DESCRIPTOR_SECTORS;
  const redundantTables = redundantOffset + directorySectors;
  const directoryOffset = redundantTables + tableCount * TABLE_SECTORS;
  const tables = directoryOffset + directorySectors;
  return {
    tableCount,
    redundantTables,
    tables,
    header: {
      version: 1,
      flags: HOSTED_FLAG.newlines | HOSTED_FLAG.redundant,
      capacity: sizeBytes / SECTOR_BYTES,
      grainSectors: GRAIN_SECTORS,
      descriptorOffset: 1,
      descriptorSectors: DESCRIPTOR_SECTORS,
      entriesPerTable: ENTRIES_PER_TABLE,
      redundantOffset,
      directoryOffset,
      overhead: Math.ceil((tables + tableCount * TABLE_SECTORS) / GRAIN_SECTORS) * GRAIN_SECTORS,
      unclean: false,
    },
  };
}

/** Sector of table `index` of those that begin at `first`. */
export function tableSector(first: number, index: number): number {
  return first + index * TABLE_SECTORS;
}
