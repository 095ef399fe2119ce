import type { DiskFormat } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import { type FileHandle, type FileStatus, nodeFileSystem } from '@sendense/plugin-kit/files';
import { statusOf } from './chain/open-chain.ts';
import type { ImageInfo } from './image-info.ts';
import type { OpenDiskImageOptions } from './open-disk-image.ts';
import { openDiskImageOptionsSchema } from './options.ts';
import { probeFormat } from './probe-format.ts';
import { inImage } from './qcow2/in-image.ts';
import { qcow2Info } from './qcow2/qcow2-info.ts';
import { readHead } from './qcow2/read-header.ts';
import { openRaw } from './raw/open-raw.ts';
import { readHead as readVhdHead } from './vhd/read-head.ts';
import { vhdInfo } from './vhd/vhd-info.ts';
import { readHead as readVhdxHead } from './vhdx/read-head.ts';
import { vhdxInfo } from './vhdx/vhdx-info.ts';
import { readVmdkHead } from './vmdk/read-head.ts';
import { factsOfHead, vmdkInfo } from './vmdk/vmdk-info.ts';

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
  const read = READERS[format];
  await using handle = await fileSystem.open(path, 'read');
  return await inImage(path, () => read(handle, status));
}

type InfoReader = (handle: FileHandle, status: FileStatus) => Promise<ImageInfo>;

const READERS: Readonly<Record<Exclude<DiskFormat, 'raw'>, InfoReader>> = {
  qcow2: async (handle, status) => qcow2Info(await readHead(handle), status),
  vmdk: async (handle, status) => {
    const head = await readVmdkHead(handle);
    return vmdkInfo(head, [status], factsOfHead(head));
  },
  vhd: async (handle, status) => vhdInfo(await readVhdHead(handle), status),
  vhdx: async (handle, status) => vhdxInfo(await readVhdxHead(handle), status),
};
