import type { Call } from '@sendense/core';
import { partOf } from '../bytes/mapped-source.ts';
import { probeFileSystem } from '../file-systems.ts';
import { firstNamedByte } from './mbr.ts';
import type { ByteDisk, PartitionTable } from './volume.ts';

/** Where the descriptors of a disc begin. */
const DESCRIPTORS_AT = 32 * 1024;

/**
 * Whether a disk with a partition table is a disc of ISO 9660 as well, as those are from which machines are installed. On these a
 * partition covers the begin of the disc. On a disk that was divided anew none does, and what is left of a disc is nothing. Where the
 * partition is itself read as the disc, the disk need not be.
 */
export async function isHybridDisc(
  { source, sectorBytes }: ByteDisk,
  { partitions }: PartitionTable,
  call?: Call,
): Promise<boolean> {
  const named = await firstNamedByte(source, sectorBytes, call);
  const covering = partitions.filter(({ offset }) => offset <= DESCRIPTORS_AT);
  if (covering.length === 0 && (named === undefined || named > DESCRIPTORS_AT)) return false;
  for (const { offset, length } of covering)
    if ((await probeFileSystem(partOf(source, offset, length), call))?.kind === 'iso9660') return false;
  return (await probeFileSystem(source, call))?.kind === 'iso9660';
}
