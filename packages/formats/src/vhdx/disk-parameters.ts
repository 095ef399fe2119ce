import { readUint64 } from '../fields.ts';
import { ITEM, MAX_BLOCK_BYTES, MAX_DISK_BYTES, MIN_BLOCK_BYTES, SECTORS_OF_A_CHUNK } from './constants.ts';
import { corrupt, unsupported } from './format-error.ts';
import type { MetadataItems } from './metadata-table.ts';
import { type ParentLink, parseParentLocator } from './parent-locator.ts';

/** What the metadata say of the disk. */
export type DiskParameters = {
  readonly sizeBytes: number;
  readonly blockBytes: number;
  readonly logicalSectorBytes: number;
  /** Absent where the file does not say. */
  readonly physicalSectorBytes?: number;
  /** All blocks have a place: the file is of fixed size. */
  readonly keepsBlocks: boolean;
  readonly parent?: ParentLink;
};

/** Reads what must be known of the disk from its metadata. Throws `CORRUPT` or `FORMAT_UNSUPPORTED`. */
export function diskParameters(items: MetadataItems): DiskParameters {
  const fileParameters = need(items, ITEM.fileParameters, 8, 'its file parameters');
  const logicalSectorBytes = need(items, ITEM.logicalSector, 4, 'its logical sector size').getUint32(0, true);
  if (logicalSectorBytes !== 512 && logicalSectorBytes !== 4096)
    throw unsupported(`has sectors of ${logicalSectorBytes} bytes: 512 and 4096 are known`);
  const physicalSectorBytes = items.get(ITEM.physicalSector);
  const flags = fileParameters.getUint32(4, true);
  const parent =
    (flags & 2) === 0
      ? undefined
      : parseParentLocator(need(items, ITEM.parentLocator, 20, 'its parent locator'));
  return {
    sizeBytes: checkedSize(
      readUint64(need(items, ITEM.diskSize, 8, 'its disk size'), 0, true),
      logicalSectorBytes,
    ),
    blockBytes: checkedBlockBytes(fileParameters.getUint32(0, true)),
    logicalSectorBytes,
    ...(physicalSectorBytes !== undefined &&
      physicalSectorBytes.byteLength >= 4 && { physicalSectorBytes: physicalSectorBytes.getUint32(0, true) }),
    keepsBlocks: (flags & 1) !== 0,
    ...(parent && { parent }),
  };
}

/** Blocks between two entries of sector bitmap in the table. */
export function chunkRatio({
  blockBytes,
  logicalSectorBytes,
}: Pick<DiskParameters, 'blockBytes' | 'logicalSectorBytes'>): number {
  return (SECTORS_OF_A_CHUNK * logicalSectorBytes) / blockBytes;
}

/** Entries of the block table: those of the blocks, and of the sector bitmaps between them. */
export function tableEntries(
  disk: Pick<DiskParameters, 'sizeBytes' | 'blockBytes' | 'logicalSectorBytes' | 'parent'>,
): number {
  const ratio = chunkRatio(disk);
  const blocks = Math.ceil(disk.sizeBytes / disk.blockBytes);
  if (disk.parent !== undefined) return Math.ceil(blocks / ratio) * (ratio + 1);
  return blocks === 0 ? 0 : blocks + Math.floor((blocks - 1) / ratio);
}

function need(items: MetadataItems, guid: string, bytes: number, what: string): DataView {
  const item = items.get(guid);
  if (item !== undefined && item.byteLength >= bytes) return item;
  throw corrupt(`it lacks ${what}`);
}

function checkedSize(sizeBytes: number, sectorBytes: number): number {
  if (sizeBytes > MAX_DISK_BYTES) throw unsupported(`is a disk of ${sizeBytes} bytes: 64 TiB is the most`);
  if (sizeBytes % sectorBytes === 0) return sizeBytes;
  throw corrupt(`the size of its disk, ${sizeBytes} bytes, is no whole number of sectors`);
}

function checkedBlockBytes(bytes: number): number {
  if (bytes >= MIN_BLOCK_BYTES && bytes <= MAX_BLOCK_BYTES && Number.isInteger(Math.log2(bytes)))
    return bytes;
  throw corrupt(`its blocks of ${bytes} bytes are no power of two from 1 to 256 MiB`);
}
