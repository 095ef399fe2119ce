import type { Call } from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import type { FileStat, FileType, NodeId } from '../file-system-reader.ts';
import { xfsFault } from './checksums.ts';
import { volumeBlock, type XfsSuperblock } from './superblock.ts';

// Layout: "XFS Algorithms & Data Structures", On-disk Inode.
const MAGIC = 0x494e;
const CORE_BYTES = { old: 100, checked: 176 };
const FLAG_REALTIME = 1;
const FLAG2 = { reflink: 2n, bigTime: 8n, largeCounts: 16n };
/** Large times count nanoseconds from 2^31 seconds before 1970. */
const BIG_TIME_BEGIN_NS = 2n ** 31n * 1_000_000_000n;
const ONE_SECOND_NS = 1_000_000_000n;
const TYPES: ReadonlyMap<number, FileType> = new Map([
  [0x1, 'fifo'],
  [0x2, 'char-device'],
  [0x4, 'directory'],
  [0x6, 'block-device'],
  [0x8, 'file'],
  [0xa, 'symlink'],
  [0xc, 'socket'],
]);
const FORMATS = ['device', 'local', 'extents', 'btree'] as const;

/** An inode of XFS. */
export type XfsInode = {
  readonly stat: FileStat;
  /** What its data fork holds: a device number, the data itself, a list of extents, the root of a tree of them. */
  readonly format: (typeof FORMATS)[number];
  readonly fork: Fields;
  /** Records in the fork, where it is a list. */
  readonly extents: number;
  /** Its data lies on the realtime device. */
  readonly isRealtime: boolean;
  /** It may share blocks, also with itself. */
  readonly isReflinked: boolean;
};

/** Reads an inode. Rejects with `CORRUPT` for a number that has none, and one that contradicts itself. */
export async function readXfsInode(
  source: ByteSource,
  superblock: XfsSuperblock,
  node: NodeId,
  call?: Call,
): Promise<XfsInode> {
  const { groupInodeBits, groupBlockBits, inodesPerBlock, inodeBytes, blockBytes } = superblock;
  if (!Number.isSafeInteger(node) || node < 1) throw damaged(`there is no inode ${node}`, { inode: node });
  const group = Math.floor(node / 2 ** groupInodeBits);
  const within = node % 2 ** groupInodeBits;
  const block = volumeBlock(superblock, group * 2 ** groupBlockBits + Math.floor(within / inodesPerBlock), 1);
  const offset = block * blockBytes + (within % inodesPerBlock) * inodeBytes;
  return parseInode(node, new Fields(await readBytes(source, offset, inodeBytes, call)), superblock);
}

function parseInode(node: NodeId, fields: Fields, superblock: XfsSuperblock): XfsInode {
  const version = fields.u8(4);
  const mode = fields.u16be(2);
  const type = TYPES.get(mode >> 12);
  const isSound =
    fields.u16be(0) === MAGIC &&
    (superblock.version === 5
      ? version === 3 && fields.u64be(0x98) === node
      : version === 1 || version === 2);
  const fault = isSound ? xfsFault('inode', fields, superblock) : undefined;
  if (fault !== undefined) throw damaged(`inode ${node} ${fault}`, { inode: node });
  if (!isSound || type === undefined)
    throw damaged(`inode ${node} is none, or of no known type`, { inode: node });
  const flags2 = version === 3 ? fields.bits64be(0x78) : 0n;
  const [format, fork] = forkOf(node, fields, version);
  const sizeBytes = fields.u64be(0x38);
  if (!Number.isSafeInteger(sizeBytes))
    throw damaged(`inode ${node} has an impossible size`, { inode: node });
  const timeAt = (at: number): bigint =>
    (flags2 & FLAG2.bigTime) === 0n ? oldTime(fields, at) : bigTime(fields, at);
  const stat: FileStat = {
    node,
    type,
    sizeBytes,
    allocatedBytes: fields.u64be(0x40) * superblock.blockBytes,
    mode: mode & 0o7777,
    uid: fields.u32be(8),
    gid: fields.u32be(0xc),
    links: version === 1 ? fields.u16be(6) : fields.u32be(0x10),
    mtimeNs: timeAt(0x28),
    atimeNs: timeAt(0x20),
    ctimeNs: timeAt(0x30),
    ...(type === 'char-device' || type === 'block-device' ? { device: deviceOf(fork.u32be(0)) } : {}),
  };
  return {
    stat,
    format,
    fork,
    extents: (flags2 & FLAG2.largeCounts) === 0n ? fields.u32be(0x4c) : fields.u64be(0x18),
    isRealtime: (fields.u16be(0x5a) & FLAG_REALTIME) !== 0,
    isReflinked: (flags2 & FLAG2.reflink) !== 0n,
  };
}

/** The data fork lies behind the core, and before the fork of the attributes where there is one (counted in 8 bytes). */
function forkOf(node: NodeId, fields: Fields, version: number): readonly [XfsInode['format'], Fields] {
  const format = FORMATS[fields.u8(5)];
  const start = version === 3 ? CORE_BYTES.checked : CORE_BYTES.old;
  const all = fields.bytes.byteLength - start;
  const length = fields.u8(0x52) === 0 ? all : fields.u8(0x52) * 8;
  if (format === undefined || length > all) throw damaged(`inode ${node} has no data fork`, { inode: node });
  return [format, fields.part(start, length)];
}

function oldTime(fields: Fields, at: number): bigint {
  return BigInt(fields.i32be(at)) * ONE_SECOND_NS + BigInt(fields.i32be(at + 4));
}

function bigTime(fields: Fields, at: number): bigint {
  return fields.bits64be(at) - BIG_TIME_BEGIN_NS;
}

/** As System V kept them: 14 bits and 18 bits. */
function deviceOf(value: number): { major: number; minor: number } {
  return { major: value >>> 18, minor: value & 0x3ffff };
}
