import { damaged } from '../bytes/damage.ts';
import type { Fields } from '../bytes/fields.ts';
import type { FileStat, FileType } from '../file-system-reader.ts';
import { inodeSeed, isInodeSound } from './metadata-checksums.ts';
import type { Superblock } from './superblock.ts';

const FLAG = { encrypted: 0x800, index: 0x1000, hugeFile: 0x40000, extents: 0x80000, inlineData: 0x10000000 };
/** Blocks of a file are counted by 32 bits. */
const MOST_BLOCKS = 2 ** 32;
const TYPES: ReadonlyMap<number, FileType> = new Map([
  [0x1, 'fifo'],
  [0x2, 'char-device'],
  [0x4, 'directory'],
  [0x6, 'block-device'],
  [0x8, 'file'],
  [0xa, 'symlink'],
  [0xc, 'socket'],
]);

/** An inode of an ext file system. */
export type Inode = {
  readonly stat: FileStat;
  /** The 60 bytes that hold block pointers, the root of an extent tree, or the text of a short link. */
  readonly block: Fields;
  readonly hasExtents: boolean;
  /** A folder with an index. */
  readonly hasIndex: boolean;
  /** What the checksums of its blocks go on from; `undefined`: they have none. */
  readonly checksumSeed: number | undefined;
  readonly isEncrypted: boolean;
  readonly hasInlineData: boolean;
  readonly fields: Fields;
};

/** Reads an inode. Throws `CORRUPT` for one that no file has: without its checksum, of no known type, or larger than the format allows. */
export function parseInode(node: number, fields: Fields, superblock: Superblock): Inode {
  const { inodeBytes, blockBytes, checksums } = superblock;
  const checksumSeed = checksums === undefined ? undefined : inodeSeed(checksums.seed, node, fields);
  if (checksumSeed !== undefined && !isInodeSound(checksumSeed, fields))
    throw damaged(`inode ${node} does not have its checksum`, { inode: node });
  const mode = fields.u16(0);
  const type = TYPES.get(mode >> 12);
  if (type === undefined) throw damaged(`inode ${node} is of no known type`, { inode: node });
  const sizeBytes = fields.u32(4) + fields.u32(0x6c) * 2 ** 32;
  if (sizeBytes > MOST_BLOCKS * blockBytes)
    throw damaged(`inode ${node} has an impossible size`, { inode: node });
  const flags = fields.u32(0x20);
  const extra = inodeBytes > 128 ? fields.u16(0x80) : 0;
  const timeAt = (at: number, extraAt: number): bigint => {
    const hasExtra = 128 + extra >= extraAt + 4 && inodeBytes >= extraAt + 4;
    return timeNs(fields.i32(at), hasExtra ? fields.u32(extraAt) : 0);
  };
  const stat: FileStat = {
    node,
    type,
    sizeBytes,
    allocatedBytes:
      (fields.u32(0x1c) + fields.u16(0x74) * 2 ** 32) * ((flags & FLAG.hugeFile) === 0 ? 512 : blockBytes),
    mode: mode & 0o7777,
    uid: fields.u16(2) + fields.u16(0x78) * 65_536,
    gid: fields.u16(0x18) + fields.u16(0x7a) * 65_536,
    links: fields.u16(0x1a),
    mtimeNs: timeAt(0x10, 0x88),
    atimeNs: timeAt(0x08, 0x8c),
    ctimeNs: timeAt(0x0c, 0x84),
    ...(type === 'block-device' || type === 'char-device' ? { device: deviceOf(fields) } : {}),
  };
  return {
    stat,
    block: fields.part(0x28, 60),
    checksumSeed,
    hasIndex: (flags & FLAG.index) !== 0,
    hasExtents: (flags & FLAG.extents) !== 0,
    isEncrypted: (flags & FLAG.encrypted) !== 0,
    hasInlineData: (flags & FLAG.inlineData) !== 0,
    fields,
  };
}

/** Signed seconds; the extra word has two more bits for them, then nanoseconds. */
function timeNs(seconds: number, extra: number): bigint {
  return BigInt(seconds + (extra & 3) * 2 ** 32) * 1_000_000_000n + BigInt(extra >>> 2);
}

/** The old form, of 8 bits each, in the first word; else the new one in the second. */
function deviceOf(fields: Fields): { major: number; minor: number } {
  const old = fields.u32(0x28);
  if (old !== 0) return { major: (old >> 8) & 0xff, minor: old & 0xff };
  const wide = fields.u32(0x2c);
  return { major: (wide >> 8) & 0xfff, minor: (wide & 0xff) | ((wide >>> 12) & 0xfff00) };
}
