import { crc32cWithout } from '@sendense/plugin-kit/checksums';
import type { Fields } from '../bytes/fields.ts';
import type { XfsSuperblock } from './superblock.ts';

// Layout: "XFS Algorithms & Data Structures", Checksums: version 5 keeps CRC-32C, its lowest byte first in spite of all other numbers.
const SECTOR_BYTES = 512;

/** Where structures of version 5 keep their checksum, the UUID of their file system, and the sector in which they begin. */
const PLACES = {
  inode: { sumAt: 0x64, uuidAt: 0xa0, sectorAt: undefined },
  folder: { sumAt: 4, uuidAt: 24, sectorAt: 8 },
  map: { sumAt: 64, uuidAt: 40, sectorAt: 24 },
  link: { sumAt: 12, uuidAt: 16, sectorAt: 40 },
} as const;
const UUID_BYTES = 16;

/** What decides how a structure is checked. */
export type CheckedBy = Pick<XfsSuperblock, 'version' | 'structureUuid'>;

/** Whether `bytes` have the checksum that is stored in their bytes from `at` on. */
export function hasXfsChecksum(fields: Fields, at: number): boolean {
  return fields.u32(at) === crc32cWithout(fields.bytes, at, 4);
}

/**
 * How a structure of version 5 is not what it is to be, to follow its name in a message; `undefined`: it is, or has no checksum, as those
 * of version 4. `offset`: the byte of the volume where it begins, if that is known.
 */
export function xfsFault(
  kind: keyof typeof PLACES,
  fields: Fields,
  { version, structureUuid }: CheckedBy,
  offset?: number,
): string | undefined {
  if (version === 4) return undefined;
  const { sumAt, uuidAt, sectorAt } = PLACES[kind];
  if (!hasXfsChecksum(fields, sumAt)) return 'does not have its checksum';
  const uuid = fields.slice(uuidAt, UUID_BYTES);
  if (structureUuid !== undefined && Buffer.compare(uuid, structureUuid) !== 0)
    return 'belongs to another file system';
  if (offset !== undefined && sectorAt !== undefined && fields.u64be(sectorAt) * SECTOR_BYTES !== offset)
    return 'lies in the wrong place';
  return undefined;
}
