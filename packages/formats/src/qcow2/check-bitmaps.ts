import { SendenseError } from '@sendense/core';
import { type BitmapEntry, parseBitmapsExtension } from './bitmap-directory.ts';
import { addTable, type CheckedImage } from './checked-image.ts';
import { AUTOCLEAR, EXTENSION } from './constants.ts';
import { readBitmapDirectory } from './read-bitmap-directory.ts';
import type { Qcow2Head } from './read-header.ts';
import { offsetAt, readTable } from './read-table.ts';
import type { ReferenceSink } from './reference-counter.ts';

/** Reserved bits of a bitmap table entry: 1–8 and 56–63; bit 0 only without an offset. */
const RESERVED_HIGH = 0xff00_0000;
const RESERVED_LOW = 0x1fe;

/** Counts the references of the bitmap directory, tables and bits. */
export async function checkBitmaps(
  image: CheckedImage,
  head: Qcow2Head,
  counter: ReferenceSink,
): Promise<void> {
  const extension = head.extensions.find(({ type }) => type === EXTENSION.bitmaps);
  const flagged = (head.header.autoclear & BigInt(AUTOCLEAR.bitmaps)) !== 0n;
  if (extension === undefined) {
    if (flagged) counter.error('bitmaps', () => 'the bitmaps flag is set and there are no bitmaps');
    return;
  }
  try {
    const { clusterBytes } = image.geometry;
    const { directoryOffset, directoryBytes } = parseBitmapsExtension(extension.data, clusterBytes);
    if (!addTable(image, counter, directoryOffset, directoryBytes, () => 'the bitmap directory')) return;
    for (const entry of await readBitmapDirectory(image.handle, head))
      await checkBitmapTable(image, entry, counter);
  } catch (error) {
    if (!SendenseError.is(error, 'FORMAT_INVALID')) throw error;
    counter.error('bitmaps', () => error.message);
  }
}

async function checkBitmapTable(
  image: CheckedImage,
  entry: BitmapEntry,
  counter: ReferenceSink,
): Promise<void> {
  const { handle, signal } = image;
  const { tableOffset, tableEntries } = entry;
  const name = `bitmap ${JSON.stringify(entry.name)}`;
  if (!addTable(image, counter, tableOffset, tableEntries * 8, () => `the table of ${name}`)) return;
  const pieces = readTable(handle, tableOffset, tableEntries, signal && { signal });
  for await (const { first, count, view } of pieces) {
    for (let index = 0; index < count; index += 1) {
      const high = view.getUint32(index * 8);
      const low = view.getUint32(index * 8 + 4);
      const offset = offsetAt(view, index * 8);
      if ((high & RESERVED_HIGH) !== 0 || low & RESERVED_LOW || (offset !== 0 && low & 1)) {
        counter.error('reserved-bits', () => `the table of ${name} has bits that must be zero`);
      }
      if (offset === 0) continue;
      addTable(
        image,
        counter,
        offset,
        bytesOfBits(image, entry, first + index),
        () => `a cluster of ${name}`,
      );
    }
  }
}

/** Bytes that hold the bits of one entry of the table: the last cluster may have fewer than it has room for. */
function bytesOfBits(
  { geometry, sizeBytes }: CheckedImage,
  { granularityBits }: BitmapEntry,
  index: number,
): number {
  const { clusterBytes } = geometry;
  const bytes = Math.ceil(Math.ceil(sizeBytes / 2 ** granularityBits) / 8) - index * clusterBytes;
  return bytes > 0 ? Math.min(bytes, clusterBytes) : clusterBytes;
}
