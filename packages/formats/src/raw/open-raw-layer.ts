import { type BlockIoDriver, type BlockReader, type FileEndpoint, SendenseError } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import type { OpenedLayer } from '../chain/open-chain.ts';
import { deviceSize } from './device-size.ts';
import { KnownExtents } from './known-extents.ts';
import { RawLayer } from './raw-layer.ts';

/** What a raw layer is opened with. */
export type RawLayerContext = {
  readonly fileSystem: FileSystem;
  /** The first that can read the file is asked for its holes. */
  readonly drivers: readonly BlockIoDriver[];
};

/** Opens a raw file or block device as a layer. */
export async function openRawLayer(path: string, context: RawLayerContext): Promise<OpenedLayer> {
  const { fileSystem, drivers } = context;
  const handle = await fileSystem.open(path, 'read');
  try {
    const sizeBytes = await deviceSize(handle, path, fileSystem);
    const kind = (await fileSystem.stat(path))?.kind === 'device' ? 'device' : 'file';
    const known = await findExtents({ kind, path }, sizeBytes, drivers);
    return { layer: new RawLayer({ path, handle, sizeBytes, ...(known && { known }) }) };
  } catch (error) {
    await handle[Symbol.asyncDispose]();
    throw error;
  }
}

/** What the first of the drivers that reads the file knows of its holes; `undefined` without such a driver. */
export async function findExtents(
  file: FileEndpoint,
  fileBytes: number,
  drivers: readonly BlockIoDriver[],
): Promise<KnownExtents | undefined> {
  const driver = drivers.find((candidate) => candidate.supports(file, 'read'));
  const reader = await driver?.openReader(file);
  return reader && (await knownExtents(reader, file.path, fileBytes));
}

async function knownExtents(reader: BlockReader, path: string, sizeBytes: number): Promise<KnownExtents> {
  if (reader.sizeBytes === sizeBytes) return new KnownExtents(reader);
  await reader[Symbol.asyncDispose]();
  throw new SendenseError('INSTANT_LOST', `${path} changed its size while it was opened`, {
    operation: 'open-image',
    context: { path },
    remedy: 'stop what writes to the image, then repeat',
  });
}
