import { parseOptions } from '@sendense/plugin-kit';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { statusOf } from './chain/open-chain.ts';
import type { ImageInfo } from './image-info.ts';
import { type OpenDiskImageOptions, unsupportedFormat } from './open-disk-image.ts';
import { openDiskImageOptionsSchema } from './options.ts';
import { probeFormat } from './probe-format.ts';
import { inImage } from './qcow2/in-image.ts';
import { qcow2Info } from './qcow2/qcow2-info.ts';
import { readHead } from './qcow2/read-header.ts';
import { openRaw } from './raw/open-raw.ts';

/** What is known of an image without opening any other file: works for a link of a chain, too. */
export async function readImageInfo(
  path: string,
  options: Omit<OpenDiskImageOptions, 'parents'> = {},
): Promise<ImageInfo> {
  const { fileSystem = nodeFileSystem, ...plain } = options;
  const stated = await parseOptions(
    openDiskImageOptionsSchema.omit({ parents: true }),
    plain,
    'a disk image',
  );
  const status = await statusOf(path, fileSystem);
  const format = stated.format ?? (await probeFormat(path, { fileSystem }));
  if (format === 'raw') {
    await using image = await openRaw(path, { fileSystem });
    return image.info;
  }
  if (format !== 'qcow2') throw unsupportedFormat(format, 'open-image');
  await using handle = await fileSystem.open(path, 'read');
  return inImage(path, async () => qcow2Info(await readHead(handle), status));
}
