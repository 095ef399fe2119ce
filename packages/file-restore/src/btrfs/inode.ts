import type { Call } from '@sendense/core';
import { damaged } from '../bytes/damage.ts';
import type { Fields } from '../bytes/fields.ts';
import type { FileStat, FileType } from '../file-system-reader.ts';
import { ITEM } from './key.ts';
import type { Tree } from './tree.ts';

// Layout: "On-disk Format" of the btrfs documentation, INODE_ITEM.
const INODE_BYTES = 160;
/** Bytes of a time. */
export const TIME_BYTES = 12;
const FLAG_NO_CHECKSUMS = 1n;
const ONE_SECOND_NS = 1_000_000_000n;
const DEVICE_MINOR_BITS = 20;
const TYPES: ReadonlyMap<number, FileType> = new Map([
  [0x1, 'fifo'],
  [0x2, 'char-device'],
  [0x4, 'directory'],
  [0x6, 'block-device'],
  [0x8, 'file'],
  [0xa, 'symlink'],
  [0xc, 'socket'],
]);

/** An inode of a subvolume; its `stat` has the number that it has there. */
export type BtrfsInode = {
  readonly stat: FileStat;
  /** Its data have no checksums. */
  readonly isUnchecked: boolean;
};

/** Reads an inode. Rejects with `CORRUPT` where there is none, or it contradicts itself. */
export async function readInode(tree: Tree, inode: number, call?: Call): Promise<BtrfsInode> {
  const item = await tree.find({ objectId: inode, type: ITEM.inode, offset: 0 }, call);
  if (item === undefined) throw damaged(`there is no inode ${inode}`, { inode });
  return parseInode(inode, item.data);
}

function parseInode(inode: number, fields: Fields): BtrfsInode {
  if (fields.bytes.byteLength < INODE_BYTES) throw damaged(`inode ${inode} is cut off`, { inode });
  const mode = fields.u32(52);
  const type = TYPES.get(mode >>> 12);
  const [sizeBytes, allocatedBytes] = [fields.u64(16), fields.u64(24)];
  if (type === undefined || !Number.isSafeInteger(sizeBytes))
    throw damaged(`inode ${inode} is of no known type, or has an impossible size`, { inode });
  const stat: FileStat = {
    node: inode,
    type,
    sizeBytes,
    allocatedBytes,
    mode: mode & 0o7777,
    uid: fields.u32(44),
    gid: fields.u32(48),
    links: fields.u32(40),
    atimeNs: readTime(fields, 112),
    ctimeNs: readTime(fields, 124),
    mtimeNs: readTime(fields, 136),
    ...(type === 'char-device' || type === 'block-device' ? { device: deviceOf(fields.bits64(56)) } : {}),
  };
  return { stat, isUnchecked: (fields.bits64(64) & FLAG_NO_CHECKSUMS) !== 0n };
}

/** Seconds since 1970, signed, and nanoseconds behind them, as nanoseconds. */
export function readTime(fields: Fields, at: number): bigint {
  return BigInt.asIntN(64, fields.bits64(at)) * ONE_SECOND_NS + BigInt(fields.u32(at + 8));
}

/** As Linux keeps them inside: 12 bits and 20 bits. */
function deviceOf(value: bigint): { major: number; minor: number } {
  const number = Number(value & 0xffff_ffffn);
  return { major: number >>> DEVICE_MINOR_BITS, minor: number & (2 ** DEVICE_MINOR_BITS - 1) };
}
