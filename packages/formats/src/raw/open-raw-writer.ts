import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { statusOf } from '../chain/open-chain.ts';
import { deviceSize } from './device-size.ts';
import { RawWriter } from './raw-writer.ts';

/** How to open a raw image for writing. */
export type OpenRawWriterOptions = { readonly fileSystem?: FileSystem };

/** Opens an existing raw file or block device for writing, without changing a byte of it. */
export async function openRawWriter(path: string, options: OpenRawWriterOptions = {}): Promise<RawWriter> {
  const { fileSystem = nodeFileSystem } = options;
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
    });
  } catch (error) {
    await handle[Symbol.asyncDispose]();
    throw error;
  }
}
