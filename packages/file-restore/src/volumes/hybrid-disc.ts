import type { Call } from '@sendense/core';
import type { ByteSource } from '../bytes/byte-source.ts';
import { partOf } from '../bytes/mapped-source.ts';
import { probeFileSystem } from '../file-systems.ts';
import { findDiscBytes } from '../iso/open-iso.ts';
import { readPhysicalVolume } from '../lvm/physical-volume.ts';
import { firstNamedByte } from './mbr.ts';
import type { ByteDisk, Partition, PartitionTable } from './volume.ts';

/** Where the descriptors of a disc begin. */
const DESCRIPTORS_AT = 32 * 1024;
/** So much may lie behind the end that a disc tells of, and still be its own: what programs fill it up with. */
const PADDING_BYTES = 1024 * 1024;

/**
 * Whether a disk with a partition table is a disc of ISO 9660 as well, as those are from which machines are installed. On these a
 * partition covers the begin of the disc and holds nothing else, and none lies across its end. On a disk that was divided anew one of
 * this is not so, and what is left of a disc is nothing. Where the partition is itself read as the disc, the disk need not be.
 */
export async function isHybridDisc(
  { source, sectorBytes }: ByteDisk,
  { partitions }: PartitionTable,
  call?: Call,
): Promise<boolean> {
  const named = await firstNamedByte(source, sectorBytes, call);
  const covering = partitions.filter(({ offset }) => offset <= DESCRIPTORS_AT);
  if (covering.length === 0 && (named === undefined || named > DESCRIPTORS_AT)) return false;
  if ((await probeFileSystem(source, call))?.kind !== 'iso9660') return false;
  const discBytes = await findDiscBytes(source, call);
  if (discBytes === undefined || partitions.some((partition) => isAcross(partition, discBytes))) return false;
  for (const { offset, length } of covering)
    if (await isUsed(partOf(source, offset, length), call)) return false;
  return true;
}

/** Whether a partition begins in a disc, behind its begin, and ends behind its end. */
function isAcross({ offset, length }: Partition, discBytes: number): boolean {
  return offset > DESCRIPTORS_AT && offset < discBytes && offset + length > discBytes + PADDING_BYTES;
}

async function isUsed(source: ByteSource, call: Call | undefined): Promise<boolean> {
  return (
    (await probeFileSystem(source, call)) !== undefined ||
    (await readPhysicalVolume(source, call)) !== undefined
  );
}
