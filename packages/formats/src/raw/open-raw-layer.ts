import type { FileSystem } from '@sendense/plugin-kit/files';
import type { OpenedLayer } from '../chain/open-chain.ts';
import { deviceSize } from './device-size.ts';
import { RawLayer } from './raw-layer.ts';

/** Opens a raw file or block device as a layer. */
export async function openRawLayer(path: string, fileSystem: FileSystem): Promise<OpenedLayer> {
  const handle = await fileSystem.open(path, 'read');
  try {
    return { layer: new RawLayer(path, handle, await deviceSize(handle, path, fileSystem)) };
  } catch (error) {
    await handle[Symbol.asyncDispose]();
    throw error;
  }
}
