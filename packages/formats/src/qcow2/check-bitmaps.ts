import { SendenseError } from '@sendense/core';
import { parseBitmapsExtension } from './bitmap-directory.ts';
import type { CheckedImage } from './check-mapping.ts';
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
    if (!counter.addAligned(directoryOffset, directoryBytes, () => 'the bitmap directory')) return;
    for (const entry of await readBitmapDirectory(image.handle, head)) {
      const name = `bitmap ${JSON.stringify(entry.name)}`;
      await checkBitmapTable(image, entry.tableOffset, entry.tableEntries, name, counter);
    }
  } catch (error) {
    if (!SendenseError.is(error, 'FORMAT_INVALID')) throw error;
    counter.error('bitmaps', () => error.message);
  }
}

async function checkBitmapTable(
  image: CheckedImage,
  position: number,
  entries: number,
  name: string,
  counter: ReferenceSink,
): Promise<void> {
  if (!counter.addAligned(position, entries * 8, () => `the table of ${name}`)) return;
  for await (const { count, view } of readTable(image.handle, position, entries)) {
    for (let index = 0; index < count; index += 1) {
      const high = view.getUint32(index * 8);
      const low = view.getUint32(index * 8 + 4);
      const offset = offsetAt(view, index * 8);
      if ((high & RESERVED_HIGH) !== 0 || low & RESERVED_LOW || (offset !== 0 && low & 1)) {
        counter.error('reserved-bits', () => `the table of ${name} has bits that must be zero`);
      }
      if (offset !== 0) counter.addAligned(offset, image.geometry.clusterBytes, () => `a cluster of ${name}`);
    }
  }
}
