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

/** Where an item stands in its tree, as `ordinal` numbers. */
export type Key = { readonly objectId: number; readonly type: number; readonly offset: number };

const MARKS = 4096;
const FIRST_MARK = Number.MAX_SAFE_INTEGER - MARKS;
/** The highest number that is no mark. */
export const LAST_PLAIN: number = FIRST_MARK - 1;

/** The object that the checksums of data belong to: -10. */
export const CHECKSUMS_OBJECT: number = ordinal(-10n);

/**
 * A number of 64 bits without sign as one that is exact and in the same order: the highest 4096 are marks, which btrfs writes as
 * negative numbers, and end at 2^53. Between them and what is exact by itself there is nothing in the trees that are read: it is
 * rounded to `LAST_PLAIN`.
 */
function ordinal(value: bigint): number {
  const unsigned = BigInt.asUintN(64, value);
  if (unsigned <= LAST_PLAIN) return Number(unsigned);
  const mark = Number(BigInt.asIntN(64, value));
  return mark < 0 && mark >= -MARKS ? Number.MAX_SAFE_INTEGER + mark : LAST_PLAIN;
}

/** The key at byte `at`. */
export function readKey(fields: Fields, at: number): Key {
  return {
    objectId: ordinal(fields.bits64(at)),
    type: fields.u8(at + 8),
    offset: ordinal(fields.bits64(at + 9)),
  };
}

/** From the first key to the last one. */
export type KeyRange = { readonly from: Key; readonly to: Key };

/** The keys of an object and type, from one offset to another. */
export function rangeOf(objectId: number, type: number, first = 0, last = LAST_PLAIN): KeyRange {
  return { from: { objectId, type, offset: first }, to: { objectId, type, offset: last } };
}

/** Below 0 where `a` comes before `b`. */
export function compareKeys(a: Key, b: Key): number {
  return a.objectId - b.objectId || a.type - b.type || a.offset - b.offset;
}
