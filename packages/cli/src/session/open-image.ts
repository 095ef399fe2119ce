import { isAbsolute, join } from 'node:path';
import type { BlockIoDriver, DiskFormat } from '@sendense/core';
import { type DiskImage, openDiskImage, type ParentPolicy } from '@sendense/formats';
import { linuxImageLocks, nodeFileSystem, refuseWritten } from '@sendense/plugin-kit/files';
import type { ParentsOption } from '../program/image-flags.ts';
import type { Session } from './session.ts';

/** How an image is opened: the policy of `--parents`, and the drivers of this process. */
export async function imageAccess(
  session: Session,
  { parents }: ParentsOption,
): Promise<{ readonly parents: ParentPolicy; readonly drivers: readonly BlockIoDriver[] }> {
  const { drivers } = await session.services();
  const folders = parents?.map((folder) => pathOf(session, folder));
  return { parents: folders === undefined ? 'none' : { folders }, drivers };
}

/** A path of the command line from the folder it was called in. */
export function pathOf({ host }: Session, path: string): string {
  return isAbsolute(path) ? path : join(host.workingDirectory, path);
}

/**
 * Rejects with `LOCKED` when QEMU may write to one of the files: what is told of a disk that changes meanwhile is true of no
 * instant.
 */
export async function refuseRunning(paths: readonly string[]): Promise<void> {
  for (const path of paths) await refuseWritten(nodeFileSystem, linuxImageLocks, path);
}

/** Opens an image that the session closes. Rejects with `LOCKED` when QEMU may write to it or to a file below it. */
export async function openImage(
  session: Session,
  file: string,
  options: ParentsOption & { readonly format?: DiskFormat },
): Promise<DiskImage> {
  const { format } = options;
  const access = await imageAccess(session, options);
  const path = pathOf(session, file);
  // Before it is opened: half of what a program writes looks like damage.
  await refuseRunning([path]);
  const image = session.own(await openDiskImage(path, { ...access, ...(format && { format }) }));
  await refuseRunning(image.allFiles);
  return image;
}
