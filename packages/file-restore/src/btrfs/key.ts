import type { Fields } from '../bytes/fields.ts';

// Layout: "On-disk Format" of the btrfs documentation (btrfs.readthedocs.io), Key. Little-endian.
/** Bytes of a key. */
export const KEY_BYTES = 17;

/** Kinds of items that are read. */
export const ITEM = {
  inode: 1,
  dirItem: 84,
  dirIndex: 96,
  extentData: 108,
  extentChecksum: 128,
  rootItem: 132,
  rootBackReference: 144,
  rootReference: 156,
  chunk: 228,
} as const;

/** Numbers of trees and of other things that are always there. */
export const TREE = { root: 1, chunk: 3, top: 5, checksums: 7, firstSubvolume: 256 } as const;

/** Where an item stands in its tree. Numbers beyond 2^53, which the trees read here use for nothing but marks, are inexact. */
export type Key = { readonly objectId: number; readonly type: number; readonly offset: number };

/** Objects that carry a negative number as their mark, all of them: they come after any other, and are rounded to this. */
export const MARKED_OBJECT: number = 2 ** 64;

/** The key at byte `at`. */
export function readKey(fields: Fields, at: number): Key {
  return { objectId: fields.u64(at), type: fields.u8(at + 8), offset: fields.u64(at + 9) };
}

/** From the first key to the last one. */
export type KeyRange = { readonly from: Key; readonly to: Key };

/** The keys of an object and type, from one offset to another. */
export function rangeOf(objectId: number, type: number, first = 0, last = Number.MAX_SAFE_INTEGER): KeyRange {
  return { from: { objectId, type, offset: first }, to: { objectId, type, offset: last } };
}

/** Below 0 where `a` comes before `b`. */
export function compareKeys(a: Key, b: Key): number {
  return a.objectId - b.objectId || a.type - b.type || a.offset - b.offset;
}

/** Whether both of its numbers are as they are on the disk. */
export function isExact({ objectId, offset }: Key): boolean {
  return Number.isSafeInteger(objectId) && Number.isSafeInteger(offset);
}
