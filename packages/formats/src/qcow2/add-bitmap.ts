import { SendenseError } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import type { z } from 'zod';
import { BITMAP_FLAG, DIRTY_TRACKING } from './bitmap-directory.ts';
import { BitmapEditor, bitmapName } from './bitmap-editor.ts';
import { inImage } from './in-image.ts';
import { addBitmapOptionsSchema } from './options.ts';
import { bitmapTableEntries } from './qcow2-bitmap.ts';

/** QEMU's limit: the most bitmaps of an image. */
const MAX_BITMAPS = 65_535;

/** The bitmap to add; see {@link addBitmapOptionsSchema}. */
export type AddBitmapOptions = z.input<typeof addBitmapOptionsSchema> & {
  readonly fileSystem?: FileSystem;
};

/**
 * Adds an empty bitmap that every writer of the image records into from now on. No program may have the image open.
 * Rejects with `ALREADY_EXISTS`, `CONFIG_INVALID`, `FORMAT_UNSUPPORTED` (version 2, no room), `CORRUPT`. Safe against
 * a cut at any instant.
 */
export async function addBitmap(path: string, options: AddBitmapOptions): Promise<void> {
  const { fileSystem = nodeFileSystem, ...plain } = options;
  const bitmap = await parseOptions(addBitmapOptionsSchema, plain, 'the bitmap');
  await inImage(path, () => add(path, bitmap, fileSystem));
}

async function add(
  path: string,
  { name, granularityBytes }: z.output<typeof addBitmapOptionsSchema>,
  fileSystem: FileSystem,
): Promise<void> {
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

function refused(what: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `a bitmap cannot have ${what}`, { operation: 'edit-bitmaps' });
}
