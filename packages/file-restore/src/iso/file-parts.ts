import type { Call } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import { checkInside, damaged, notSupported } from '../bytes/damage.ts';
import { MappedBytes } from '../bytes/mapped-bytes.ts';
import { type DirectoryRecord, readRecord } from './directory-record.ts';
import { isNextPart } from './folder-files.ts';
import type { IsoVolume } from './iso-volume.ts';
import { SECTOR_BYTES } from './volume-descriptor.ts';

/** Parts of one file: as many of 1 GiB as the largest volume has room for; discs are made with those of nearly 4. All are kept in memory. */
const MOST_PARTS = 8192;

/** All records of a file, by its first one. Rejects with `CORRUPT`: the rest of them is not behind it. */
export async function fileParts(
  { source, blockBytes }: IsoVolume,
  first: DirectoryRecord,
  call?: Call,
): Promise<readonly DirectoryRecord[]> {
  const parts = [first];
  let [last, at] = [first, first.end];
  while (last.hasMore) {
    const next = await readRecord(source, at, blockBytes, call);
    // the rest of a sector may be too short for a record
    const isGap = next === undefined && at - last.end < SECTOR_BYTES;
    if (isGap) at += blockBytes - (at % blockBytes);
    if (isGap) continue;
    if (next === undefined || !isNextPart(first, next) || parts.length >= MOST_PARTS)
      throw damaged(`parts of the file at byte ${first.at} are missing`, { recordAt: first.at });
    parts.push(next);
    [last, at] = [next, next.end];
  }
  return parts;
}

/** The bytes of all parts together. Rejects with `CORRUPT` where they lie outside of the volume, or are more than it has. */
export function sizeOf({ source }: IsoVolume, parts: readonly DirectoryRecord[]): number {
  let sizeBytes = 0;
  for (const part of parts) {
    if (part.sizeBytes > 0) checkInside(part.dataAt, part.sizeBytes, source.sizeBytes);
    sizeBytes += part.sizeBytes;
  }
  checkInside(0, sizeBytes, source.sizeBytes);
  return sizeBytes;
}

/**
 * The data of parts as they are stored. Throws `FORMAT_UNSUPPORTED` for what is not read: data in units with gaps, and on other discs of
 * a set.
 */
export function storedBytes(volume: IsoVolume, parts: readonly DirectoryRecord[]): MappedBytes {
  if (parts.some(({ isInterleaved }) => isInterleaved))
    throw notSupported('the data of the file are interleaved with those of others');
  const elsewhere = parts.find(
    ({ volumeNumber }) => volumeNumber > 1 && volumeNumber !== volume.volumeNumber,
  );
  if (elsewhere !== undefined)
    throw notSupported(`the data of the file are on disc ${elsewhere.volumeNumber} of a set`);
  // parts may end within a block: runs are counted in bytes
  return new MappedBytes(volume.source, 1, sizeOf(volume, parts), () => runsOf(parts));
}

async function* runsOf(parts: readonly DirectoryRecord[]): AsyncGenerator<BlockRun, void, undefined> {
  let fileBlock = 0;
  for (const { dataAt, sizeBytes } of parts) {
    if (sizeBytes > 0) yield { fileBlock, blocks: sizeBytes, volumeBlock: dataAt };
    fileBlock += sizeBytes;
  }
}
