import type { BlockIoDriver } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import type { z } from 'zod';
import { createRawOptionsSchema } from './options.ts';
import { RawWriter } from './raw-writer.ts';

/** How to make a new raw image; see {@link createRawOptionsSchema}. */
export type CreateRawOptions = Omit<z.input<typeof createRawOptionsSchema>, 'drivers'> & {
  readonly fileSystem?: FileSystem;
  /** The first that can write the file makes zeros once others write to it too. */
  readonly drivers?: readonly BlockIoDriver[];
};

/** Creates a sparse file (mode 0600) of the size and returns its writer. Rejects with `ALREADY_EXISTS`. */
export async function createRaw(path: string, options: CreateRawOptions): Promise<RawWriter> {
  const { fileSystem = nodeFileSystem, ...plain } = options;
  const { sizeBytes, drivers } = await parseOptions(createRawOptionsSchema, plain, 'a new raw image');
  const handle = await fileSystem.open(path, 'create');
  try {
    await handle.truncate(sizeBytes);
    return new RawWriter({ path, kind: 'file', handle, sizeBytes, fresh: true, drivers });
  } catch (error) {
    await handle[Symbol.asyncDispose]();
    throw error;
  }
}
