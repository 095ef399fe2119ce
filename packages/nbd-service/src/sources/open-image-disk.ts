import { type BlockIoDriver, SendenseError } from '@sendense/core';
import { openDiskImage } from '@sendense/formats';
import { type FileSystem, linuxImageLocks } from '@sendense/plugin-kit';
import type { Confine } from '../entries/allowed-roots.ts';
import type { ExportEntry, ImageEntry } from '../entries/export-entry.ts';
import type { OpenedDisk } from './opened-disk.ts';

/** What images are opened with. */
export type ImageServices = { readonly fileSystem: FileSystem; readonly drivers: readonly BlockIoDriver[] };

/** Opens the image or the device of an entry. Rejects with `LOCKED` when QEMU says that it may write to it. */
export async function openImageDisk(
  { image, device }: Pick<ExportEntry, 'image' | 'device'>,
  stem: string,
  confine: Confine,
  services: ImageServices,
): Promise<OpenedDisk> {
  const { path, format, parents } = image ?? deviceImage(device?.path ?? '');
  const real = await confine(path);
  await checkKind(real, device !== undefined, services.fileSystem);
  const folders = await Promise.all(parents.map(confine));
  const disk = await openDiskImage(real, {
    ...services,
    ...(format === undefined ? {} : { format }),
    parents: folders.length === 0 ? 'none' : { folders },
  });
  return {
    reader: disk,
    name: () => stem,
    description: `${device === undefined ? 'image' : 'device'} ${path}`,
    [Symbol.asyncDispose]: () => disk[Symbol.asyncDispose](),
  };
}

/** What is on a device belongs to its guest: it says nothing about a format. */
function deviceImage(path: string): ImageEntry {
  return { path, format: 'raw', parents: [] };
}

async function checkKind(path: string, isDevice: boolean, fileSystem: FileSystem): Promise<void> {
  const status = await fileSystem.stat(path);
  const wanted = isDevice ? 'device' : 'file';
  if (status === undefined || status.kind !== wanted)
    throw new SendenseError(
      'CONFIG_INVALID',
      `${path} is not a ${isDevice ? 'block device' : 'regular file'}`,
      {
        operation: 'open-export',
        context: { path },
        remedy: status?.kind === 'device' ? 'name it under "device"' : 'check the path',
      },
    );
  if ((await linuxImageLocks(status))?.written !== true) return;
  throw new SendenseError('LOCKED', `${path} is open in a program that may write to it (QEMU locks it)`, {
    operation: 'open-export',
    context: { path },
    remedy: 'stop the machine that uses it, or back it up and export the point',
  });
}
