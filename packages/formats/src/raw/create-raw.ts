import { checkedInteger } from '@sendense/core';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { RawWriter } from './raw-writer.ts';

/** How to make a new raw image. */
export type CreateRawOptions = {
  readonly fileSystem?: FileSystem;
  /** Size of the disk, and of the file, in bytes. */
  readonly sizeBytes: number;
};

/** Creates a sparse file (mode 0600) of the size and returns its writer. Rejects with `ALREADY_EXISTS`. */
export async function createRaw(path: string, options: CreateRawOptions): Promise<RawWriter> {
  const { fileSystem = nodeFileSystem, sizeBytes } = options;
  checkedInteger(sizeBytes, 'the size of the disk');
  const handle = await fileSystem.open(path, 'create');
  try {
    await handle.truncate(sizeBytes);
    return new RawWriter({ path, kind: 'file', handle, sizeBytes, fresh: true });
  } catch (error) {
    await handle[Symbol.asyncDispose]();
    throw error;
  }
}
