import type { BlockIoDriver, Finding } from '@sendense/core';
import { SendenseError } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import { type FileHandle, type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { chainContext, openParents, statusOf } from '../chain/open-chain.ts';
import { openLayer } from '../open-layer.ts';
import { openQcow2OptionsSchema } from '../options.ts';
import type { ParentPolicy } from '../parent-policy.ts';
import type { BitmapEntry } from './bitmap-directory.ts';
import { openQcow2Layer } from './open-qcow2-layer.ts';
import { Qcow2Image } from './qcow2-image.ts';
import { qcow2Info } from './qcow2-info.ts';
import { readBitmapDirectory } from './read-bitmap-directory.ts';
import type { Qcow2Head } from './read-header.ts';

/** How to open an image. */
export type OpenQcow2Options = {
  readonly fileSystem?: FileSystem;
  /** Which backing and data files may be opened; `none` when not given. */
  readonly parents?: ParentPolicy;
  /** The first that can read a raw backing file is asked for its holes; without any, all of it is data. */
  readonly drivers?: readonly BlockIoDriver[];
};

/**
 * Opens an image and its backing chain for reading. Rejects with `FORMAT_INVALID`, `FORMAT_UNSUPPORTED` (encryption,
 * unknown features, by name), `CORRUPT` (corrupt bit, loops), `PERMISSION_DENIED` and `PARENT_MISSING` (backing files), and `CONFIG_INVALID` (wrong
 * options).
 */
export async function openQcow2(path: string, options: OpenQcow2Options = {}): Promise<Qcow2Image> {
  const { fileSystem = nodeFileSystem, ...plain } = options;
  const { parents, drivers } = await parseOptions(openQcow2OptionsSchema, plain, 'a QCOW2 image');
  const context = chainContext(fileSystem, parents, drivers);
  const real = await fileSystem.realPath(path);
  const status = await statusOf(real, fileSystem);
  const { head, handle, ...top } = await openQcow2Layer(real, context);
  const { layers, warnings: below } = await openParents(real, top, status.identity, openLayer, context);
  try {
    const { directory, warnings } = await bitmapsOf(handle, head);
    const info = qcow2Info(head, status);
    return new Qcow2Image(
      layers,
      { ...info, warnings: [...info.warnings, ...warnings, ...below] },
      { path: real, handle, head, directory },
    );
  } catch (error) {
    await Promise.all(layers.map((layer) => layer[Symbol.asyncDispose]()));
    throw error;
  }
}

/** Damaged bitmaps do not keep the data from being read. */
async function bitmapsOf(
  handle: FileHandle,
  head: Qcow2Head,
): Promise<{ readonly directory: readonly BitmapEntry[]; readonly warnings: readonly Finding[] }> {
  try {
    return { directory: await readBitmapDirectory(handle, head), warnings: [] };
  } catch (error) {
    if (!SendenseError.is(error, 'FORMAT_INVALID')) throw error;
    const warning = { severity: 'warning', code: 'bitmaps-unreadable', message: error.message } as const;
    return { directory: [], warnings: [warning] };
  }
}
