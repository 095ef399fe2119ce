import { SendenseError } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { BITMAP_FLAG, DIRTY_TRACKING } from './bitmap-directory.ts';
import { BitmapEditor, bitmapName } from './bitmap-editor.ts';
import { inImage } from './in-image.ts';
import { bitmapTableEntries, MAX_GRANULARITY_BITS, MIN_GRANULARITY_BITS } from './qcow2-bitmap.ts';

/** QEMU's limits: the longest name in bytes, the most bitmaps of an image. */
const MAX_NAME_BYTES = 1023;
const MAX_BITMAPS = 65_535;

/** The bitmap to add. */
export type AddBitmapOptions = {
  readonly fileSystem?: FileSystem;
  /** Unique in the image, 1–1023 bytes. */
  readonly name: string;
  /** Guest bytes of one bit: a power of two from 512 to 2 GiB. */
  readonly granularityBytes: number;
};

/**
 * Adds an empty bitmap that every writer of the image records into from now on. No program may have the image open.
 * Rejects with `ALREADY_EXISTS`, `CONFIG_INVALID`, `FORMAT_UNSUPPORTED` (version 2, no room), `CORRUPT`. Safe against
 * a cut at any instant.
 */
export async function addBitmap(path: string, options: AddBitmapOptions): Promise<void> {
  checkOptions(options);
  await inImage(path, () => add(path, options));
}

async function add(path: string, { fileSystem, name, granularityBytes }: AddBitmapOptions): Promise<void> {
  await using editor = await BitmapEditor.open(path, fileSystem);
  if (editor.entries.some((entry) => entry.name === name)) throw bitmapName('ALREADY_EXISTS', name);
  if (editor.entries.length >= MAX_BITMAPS) throw refused(`more than ${MAX_BITMAPS} bitmaps`);
  const { clusterBytes } = editor.geometry;
  const tableEntries = bitmapTableEntries(editor.head.header.sizeBytes, granularityBytes, clusterBytes);
  const { first, count } = await editor.refcounts.take(
    Math.max(1, Math.ceil((tableEntries * 8) / clusterBytes)),
  );
  // An entry of zero stands for a cluster of clear bits.
  await editor.write(first * clusterBytes, new Uint8Array(count * clusterBytes));
  const entry = {
    name,
    tableOffset: first * clusterBytes,
    tableEntries,
    flags: BITMAP_FLAG.auto,
    type: DIRTY_TRACKING,
    granularityBits: Math.log2(granularityBytes),
    extraData: new Uint8Array(),
  };
  await editor.commit([...editor.entries, entry], []);
}

function checkOptions({ name, granularityBytes }: AddBitmapOptions): void {
  const bits = Math.log2(granularityBytes);
  if (!Number.isInteger(bits) || bits < MIN_GRANULARITY_BITS || bits > MAX_GRANULARITY_BITS) {
    throw refused(`a granularity of ${granularityBytes} bytes: use a power of two from 512 to 2147483648`);
  }
  const length = new TextEncoder().encode(name).byteLength;
  if (length === 0 || length > MAX_NAME_BYTES)
    throw refused(`a name of ${length} bytes: use 1 to ${MAX_NAME_BYTES}`);
}

function refused(what: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `a bitmap cannot have ${what}`, { operation: 'edit-bitmaps' });
}
