import { BITMAP_FLAG, type BitmapEntry, DIRTY_TRACKING } from './bitmap-directory.ts';
import { AUTOCLEAR } from './constants.ts';
import type { Qcow2Header } from './header.ts';

/** Granularities that QEMU handles: 512 bytes to 2 GiB. */
export const MIN_GRANULARITY_BITS = 9;
export const MAX_GRANULARITY_BITS = 31;

/** A persistent dirty bitmap of an image. */
export type Qcow2Bitmap = {
  readonly name: string;
  /** Guest bytes of one bit. */
  readonly granularityBytes: number;
  /** Every writer of the image must record into it (the `auto` flag). */
  readonly recording: boolean;
  /**
   * It was saved completely, and no writer that ignores bitmaps changed the image since. Otherwise it tells nothing,
   * for good: not only while a machine runs.
   */
  readonly consistent: boolean;
};

/** What a directory entry means for the user. */
export function bitmapOf(entry: BitmapEntry, header: Qcow2Header): Qcow2Bitmap {
  return {
    name: entry.name,
    granularityBytes: 2 ** entry.granularityBits,
    recording: (entry.flags & BITMAP_FLAG.auto) !== 0,
    consistent: isConsistent(entry, header),
  };
}

/** Entries of the table of a bitmap: one for each cluster of its bits. */
export function bitmapTableEntries(
  sizeBytes: number,
  granularityBytes: number,
  clusterBytes: number,
): number {
  return Math.ceil(Math.ceil(sizeBytes / granularityBytes) / 8 / clusterBytes);
}

function isConsistent(entry: BitmapEntry, header: Qcow2Header): boolean {
  const { flags, type, granularityBits, extraData, tableEntries, tableOffset } = entry;
  const clusterBytes = 2 ** header.clusterBits;
  return (
    (header.autoclear & BigInt(AUTOCLEAR.bitmaps)) !== 0n &&
    (flags & BITMAP_FLAG.inUse) === 0 &&
    (extraData.byteLength === 0 || (flags & BITMAP_FLAG.extraDataCompatible) !== 0) &&
    type === DIRTY_TRACKING &&
    granularityBits >= MIN_GRANULARITY_BITS &&
    granularityBits <= MAX_GRANULARITY_BITS &&
    tableOffset % clusterBytes === 0 &&
    tableEntries === bitmapTableEntries(header.sizeBytes, 2 ** granularityBits, clusterBytes)
  );
}
