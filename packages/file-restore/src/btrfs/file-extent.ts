import type { Call } from '@sendense/core';
import { damaged, notSupported } from '../bytes/damage.ts';
import type { Fields } from '../bytes/fields.ts';
import { MOST_COMPRESSED } from './decompress.ts';
import { ITEM, rangeOf } from './key.ts';
import type { Tree } from './tree.ts';

// Layout: "On-disk Format" of the btrfs documentation, EXTENT_DATA.
const HEAD_BYTES = 21;
const REGULAR_BYTES = 53;
const KIND = { inline: 0, regular: 1, unwritten: 2 } as const;

/** Data of a file that lie in its item. */
type InlineData = { readonly kind: 'inline'; readonly stored: Uint8Array };

/** Data of a file that lie on the devices: `skip` bytes of what is stored there, or was compressed there, belong to others. */
type StoredData = {
  readonly kind: 'stored';
  readonly logical: number;
  readonly storedBytes: number;
  readonly skip: number;
};

/** A part of a file that has data; what lies between two is zeros. */
export type FileExtent = {
  readonly offset: number;
  readonly length: number;
  /** 0: not compressed. */
  readonly compression: number;
  /** Bytes of the whole extent before it was compressed. */
  readonly plainBytes: number;
  readonly data: InlineData | StoredData;
};

/** Bytes of a file, from the first one to the one before `end`. */
type Window = { readonly from: number; readonly end: number };

/** The parts of a file in a window that have data, ascending, those at its ends whole. Rejects with `CORRUPT` where they overlap. */
export async function* fileExtents(
  tree: Tree,
  inode: number,
  sectorBytes: number,
  { from, end }: Window,
  call?: Call,
): AsyncGenerator<FileExtent, void, undefined> {
  if (end <= from) return;
  const range = rangeOf(inode, ITEM.extentData, from, end - 1);
  const before = await tree.lastUpTo(range.from, call);
  const isOfFile = before?.key.objectId === inode && before.key.type === ITEM.extentData;
  let done = 0;
  const first = isOfFile ? before.key : range.from;
  for await (const items of tree.itemsIn({ ...range, from: first }, call))
    for (const { key, data } of items) {
      const { length, extent } = parseExtent(inode, key.offset, data, sectorBytes);
      if (key.offset < done) throw damaged(`extents of inode ${inode} overlap`, { inode });
      done = key.offset + length;
      if (extent !== undefined && done > from) yield extent;
    }
}

/** How much of the file an item is for, and its data, where it is neither a hole nor space that was never written. */
type Parsed = { readonly length: number; readonly extent: FileExtent | undefined };

function parseExtent(inode: number, offset: number, fields: Fields, sectorBytes: number): Parsed {
  const size = fields.bytes.byteLength;
  const kind = size < HEAD_BYTES ? -1 : fields.u8(20);
  const isWhole =
    kind === KIND.inline || ((kind === KIND.regular || kind === KIND.unwritten) && size >= REGULAR_BYTES);
  if (!isWhole) throw damaged(`an extent of inode ${inode} is cut off, or of no known kind`, { inode });
  if (fields.u8(17) !== 0 || fields.u16(18) !== 0)
    throw notSupported(`data of inode ${inode} are encrypted, or encoded in a way that is not known`, {
      inode,
    });
  return kind === KIND.inline
    ? parseInline(inode, offset, fields)
    : parseRegular(inode, offset, fields, kind === KIND.unwritten, sectorBytes);
}

function parseInline(inode: number, offset: number, fields: Fields): Parsed {
  const stored = fields.bytes.subarray(HEAD_BYTES);
  const compression = fields.u8(16);
  const length = compression === 0 ? stored.byteLength : fields.u64(8);
  if (offset !== 0 || length > MOST_COMPRESSED)
    throw damaged(`inode ${inode} has more data in it than there is room for`, { inode });
  if (length === 0) return { length, extent: undefined };
  const data = { kind: 'inline', stored } as const;
  return { length, extent: { offset, length, compression, plainBytes: length, data } };
}

function parseRegular(
  inode: number,
  offset: number,
  fields: Fields,
  isUnwritten: boolean,
  sectorBytes: number,
): Parsed {
  const compression = fields.u8(16);
  const [logical, storedBytes] = [fields.u64(21), fields.u64(29)];
  const [skip, length] = [fields.u64(37), fields.u64(45)];
  // what an extent says of its size is wrong in old file systems, unless it is compressed
  const plainBytes = compression === 0 ? storedBytes : fields.u64(8);
  const isHole = logical === 0;
  const isSound =
    length > 0 &&
    [offset, length, skip, logical, storedBytes].every((bytes) => bytes % sectorBytes === 0) &&
    Number.isSafeInteger(offset + length) &&
    (isHole || (Number.isSafeInteger(logical + storedBytes) && skip + length <= plainBytes)) &&
    (compression === 0 || (plainBytes <= MOST_COMPRESSED && storedBytes <= MOST_COMPRESSED));
  if (!isSound) throw damaged(`an extent of inode ${inode} contradicts itself`, { inode });
  if (isHole || isUnwritten) return { length, extent: undefined };
  const data = { kind: 'stored', logical, storedBytes, skip } as const;
  return { length, extent: { offset, length, compression, plainBytes, data } };
}
