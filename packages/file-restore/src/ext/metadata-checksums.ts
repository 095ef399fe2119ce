import { crc32c, crc32cOfWord, crc32cWithout } from '@sendense/plugin-kit/checksums';
import type { Fields } from '../bytes/fields.ts';
import { recordLength } from './directory.ts';

// Layout: "ext4 Data Structures and Algorithms", Checksums: CRC-32C, stored as it stands, not inverted at its end.
const SUPERBLOCK = { seedAt: 0x270, uuidAt: 0x68, typeAt: 0x175, sumAt: 0x3fc, crc32c: 1 };
const SEED_IS_STORED = 0x2000;
const DESCRIPTOR_SUM_AT = 0x1e;
const INODE = { generationAt: 0x64, lowAt: 0x7c, highAt: 0x82, extraAt: 0x80, oldBytes: 128 };
const EXTENT_BYTES = 12;
/** The entry at the end of a block of a folder that is none: no inode, no name, and the type that marks a checksum. */
const TAIL = { bytes: 12, typeAt: 7, type: 0xde };
/** Blocks of the index of a folder: where their entries of 8 bytes begin, after how many there is room for, and how many there are. */
const INDEX = { rootAt: 0x20, nodeAt: 8, entryBytes: 8, rootInfoAt: 0x18, rootInfoBytes: 8 };

/** Sums of a file system with `metadata_csum`. */
export type MetadataChecksums = {
  /** That of its UUID: all others but that of the superblock go on from it. */
  readonly seed: number;
  /** The superblock has its own. */
  readonly isSuperblockSound: boolean;
};

/** Checks the checksum of a superblock, 1024 bytes; `incompat`: its incompatible features. */
export function readMetadataChecksums(superblock: Fields, incompat: number): MetadataChecksums {
  const { seedAt, uuidAt, typeAt, sumAt, crc32c: known } = SUPERBLOCK;
  const isStored = (incompat & SEED_IS_STORED) !== 0;
  return {
    seed: isStored ? ~superblock.u32(seedAt) >>> 0 : crc32c(superblock.slice(uuidAt, 16)),
    isSuperblockSound:
      superblock.u8(typeAt) === known && isSum(superblock.u32(sumAt), crc32c(superblock.bytes, 0, 0, sumAt)),
  };
}

/** Whether the descriptor of a block group has its checksum, of which 16 bits are kept. */
export function isDescriptorSound(seed: number, group: number, descriptor: Fields): boolean {
  const sum = crc32cWithout(descriptor.bytes, DESCRIPTOR_SUM_AT, 2, crc32cOfWord(group, seed));
  return descriptor.u16(DESCRIPTOR_SUM_AT) === (~sum & 0xffff);
}

/** What the sums of an inode, of its extents and of its blocks as a folder go on from. */
export function inodeSeed(seed: number, node: number, inode: Fields): number {
  return crc32cOfWord(inode.u32(INODE.generationAt), crc32cOfWord(node, seed));
}

/** Whether an inode has its checksum: 32 bits, or 16 where it has no room for more. */
export function isInodeSound(own: number, inode: Fields): boolean {
  const { lowAt, highAt, extraAt, oldBytes } = INODE;
  const { bytes } = inode;
  const hasHigh = bytes.byteLength > oldBytes && oldBytes + inode.u16(extraAt) >= highAt + 2;
  if (!hasHigh) return inode.u16(lowAt) === (~crc32cWithout(bytes, lowAt, 2, own) & 0xffff);
  const low = crc32cWithout(bytes, lowAt, 2, own, 0, highAt);
  const sum = crc32cWithout(bytes, highAt, 2, low, highAt);
  return isSum(inode.u16(lowAt) + inode.u16(highAt) * 65_536, sum);
}

/** Whether a node of an extent tree has its checksum, which follows the room for its entries. */
export function isExtentNodeSound(own: number, node: Fields): boolean {
  const at = EXTENT_BYTES + node.u16(4) * EXTENT_BYTES;
  return at + 4 <= node.bytes.byteLength && isSum(node.u32(at), crc32c(node.bytes, own, 0, at));
}

/** Whether a block of a folder has its checksum. `hasIndex`: it may be one of the index. */
export function isFolderBlockSound(own: number, block: Fields, hasIndex: boolean): boolean {
  const indexAt = hasIndex ? findIndex(block) : undefined;
  if (indexAt !== undefined) return isIndexSound(own, block, indexAt);
  const at = block.bytes.byteLength - TAIL.bytes;
  const isTail =
    block.u32(at) === 0 &&
    block.u16(at + 4) === TAIL.bytes &&
    block.u8(at + 6) === 0 &&
    block.u8(at + TAIL.typeAt) === TAIL.type;
  return isTail && isSum(block.u32(at + 8), crc32c(block.bytes, own, 0, at));
}

/** Where the index in a block begins. To those who do not know it, it is room behind an entry that is none, or behind `..`. */
function findIndex(block: Fields): number | undefined {
  const { rootAt, nodeAt, rootInfoAt, rootInfoBytes } = INDEX;
  const size = block.bytes.byteLength;
  const lengthAt = (at: number): number => recordLength(block.u16(at), size);
  if (lengthAt(4) === size) return nodeAt;
  const isRoot =
    lengthAt(4) === 12 &&
    lengthAt(16) === size - 12 &&
    block.u32(rootInfoAt) === 0 &&
    block.u8(rootInfoAt + 5) === rootInfoBytes;
  return isRoot ? rootAt : undefined;
}

/** Summed up are the entries that are used, and the tail behind the room for all. */
function isIndexSound(own: number, block: Fields, indexAt: number): boolean {
  const [room, used] = [block.u16(indexAt), block.u16(indexAt + 2)];
  const tailAt = indexAt + room * INDEX.entryBytes;
  if (used > room || tailAt + 8 > block.bytes.byteLength) return false;
  const entries = crc32c(block.bytes, own, 0, indexAt + used * INDEX.entryBytes);
  return isSum(block.u32(tailAt + 4), crc32cWithout(block.bytes, tailAt + 4, 4, entries, tailAt, tailAt + 8));
}

function isSum(stored: number, sum: number): boolean {
  return stored === ~sum >>> 0;
}
