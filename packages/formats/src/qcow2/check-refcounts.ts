import { throwIfAborted } from '@sendense/core';
import type { CheckLog } from './check-result.ts';
import { addTable, type CheckedImage } from './checked-image.ts';
import { readTable } from './read-table.ts';
import { readRefcount } from './refcounts.ts';
import type { ReferenceCounter } from './reference-counter.ts';

/** Where the refcounts of an image lie. */
export type RefcountTable = { readonly offset: number; readonly entries: number };

/** Counts the references to the refcount table and its blocks, and checks the form of each entry. */
export async function checkRefcountTable(
  image: CheckedImage,
  table: RefcountTable,
  counter: ReferenceCounter,
): Promise<void> {
  const { geometry, handle, signal } = image;
  const { clusterBytes, refcountsPerBlock } = geometry;
  if (!addTable(image, counter, table.offset, table.entries * 8, () => 'the refcount table')) return;
  const pieces = readTable(handle, table.offset, table.entries, signal && { signal });
  for await (const { first, count, view } of pieces) {
    for (let index = 0; index < count; index += 1) {
      const offset = blockOffset(view, index);
      const what = () => `refcount block ${first + index}`;
      if (view.getUint32(index * 8 + 4) & 0x1ff) {
        counter.error('reserved-bits', () => `the entry of ${what()} has bits that must be zero`);
      }
      if (offset === 0) continue;
      counter.use((first + index) * refcountsPerBlock, (first + index + 1) * refcountsPerBlock);
      addTable(image, counter, offset, clusterBytes, what);
    }
  }
}

/**
 * Compares what was counted with what the image says, and leaves the image's refcounts in `counter.counts`. Everything
 * that refers to clusters must have been counted before.
 */
export async function compareRefcounts(
  image: CheckedImage,
  table: RefcountTable,
  counter: ReferenceCounter,
  log: CheckLog,
): Promise<void> {
  const { refcountsPerBlock, clusterBytes } = image.geometry;
  const { first: windowFirst, counts } = counter;
  const firstBlock = Math.floor(windowFirst / refcountsPerBlock);
  const lastBlock = Math.ceil((windowFirst + counts.length) / refcountsPerBlock);
  const within = Math.max(0, Math.min(lastBlock, table.entries) - firstBlock);
  const compareTo = (from: number, block: DataView | undefined) =>
    compareBlock(image, from - windowFirst, block, counts, windowFirst, log);
  const room = new Uint8Array(clusterBytes);
  const { handle, signal } = image;
  const pieces = readTable(handle, table.offset + firstBlock * 8, within, signal && { signal });
  for await (const { first, count, view } of pieces) {
    for (let index = 0; index < count; index += 1) {
      const offset = blockOffset(view, index);
      const block = offset === 0 ? undefined : await readBlock(image, offset, room);
      compareTo((firstBlock + first + index) * refcountsPerBlock, block);
    }
  }
  for (let block = firstBlock + within; block < lastBlock; block += 1)
    compareTo(block * refcountsPerBlock, undefined);
}

function compareBlock(
  image: CheckedImage,
  start: number,
  block: DataView | undefined,
  counts: Uint16Array,
  windowFirst: number,
  log: CheckLog,
): void {
  const { refcountsPerBlock, refcountBits, clusterBytes } = image.geometry;
  const end = Math.min(start + refcountsPerBlock, counts.length);
  for (let at = Math.max(start, 0); at < end; at += 1) {
    const stored = block === undefined ? 0 : readRefcount(block, at - start, refcountBits);
    const counted = counts[at] ?? 0;
    counts[at] = stored;
    if (stored === counted) continue;
    const offset = (windowFirst + at) * clusterBytes;
    if (stored > counted) log.leak('cluster', `the cluster at offset ${offset} is counted and not used`);
    else
      log.error('refcount', `the cluster at offset ${offset} is used ${counted} times and counted ${stored}`);
  }
}

/** A block, in `room`; what lies past the end of the file reads as zeros: {@link checkRefcountTable} told that. */
async function readBlock(image: CheckedImage, offset: number, room: Uint8Array): Promise<DataView> {
  throwIfAborted(image.signal, 'check-image');
  const isInFile = Number.isSafeInteger(offset + room.byteLength);
  room.fill(0, isInFile ? await image.handle.read(room, offset) : 0);
  return new DataView(room.buffer, room.byteOffset, room.byteLength);
}

/** Bits 9–63 of a refcount table entry. */
function blockOffset(view: DataView, index: number): number {
  return (
    view.getUint32(index * 8) * 2 ** 32 +
    view.getUint32(index * 8 + 4) -
    (view.getUint32(index * 8 + 4) & 0x1ff)
  );
}
