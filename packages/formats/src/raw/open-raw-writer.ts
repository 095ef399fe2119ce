import type { BlockIoDriver } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { statusOf } from '../chain/open-chain.ts';
import { openRawOptionsSchema } from '../options.ts';
import { deviceSize } from './device-size.ts';
import { RawWriter } from './raw-writer.ts';

/** How to open a raw image for writing. */
export type OpenRawWriterOptions = {
  readonly fileSystem?: FileSystem;
  /** The first that can write the file makes its zeros. */
  readonly drivers?: readonly BlockIoDriver[];
};

/**
 * Opens an existing raw file or block device for writing, without changing a byte of it. Rejects with `CONFIG_INVALID` for
 * wrong options.
 */
export async function openRawWriter(path: string, options: OpenRawWriterOptions = {}): Promise<RawWriter> {
  const { fileSystem = nodeFileSystem, ...plain } = options;
  const { drivers } = await parseOptions(openRawOptionsSchema, plain, 'a raw image');
  const { kind } = await statusOf(path, fileSystem);
  const handle = await fileSystem.open(path, 'read-write');
  try {
    const sizeBytes = await deviceSize(handle, path, fileSystem);
    return new RawWriter({
      path,
      kind: kind === 'device' ? 'device' : 'file',
      handle,
      sizeBytes,
      fresh: false,
      drivers,
    });
  } catch (error) {
    await handle[Symbol.asyncDispose]();
    throw error;
  }
}
