import { HEADER_SECTION_BYTES, MIB } from './constants.ts';
import { type DiskParameters, tableEntries } from './disk-parameters.ts';
import type { Region } from './region-table.ts';

/** Where the parts of a new file lie. */
export type VhdxLayout = {
  readonly log: Region;
  readonly metadata: Region;
  readonly bat: Region;
  /** The first block of the disk. */
  readonly firstBlock: number;
};

/** The layout of a new file: header section, log, metadata, table, blocks, all on the grid of 1 MiB. */
export function layoutOf(disk: DiskParameters): VhdxLayout {
  const log = { offset: HEADER_SECTION_BYTES, length: MIB };
  const metadata = { offset: log.offset + log.length, length: MIB };
  const length = Math.max(1, Math.ceil((tableEntries(disk) * 8) / MIB)) * MIB;
  const bat = { offset: metadata.offset + metadata.length, length };
  return { log, metadata, bat, firstBlock: bat.offset + length };
}
