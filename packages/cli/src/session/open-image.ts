import { isAbsolute, join } from 'node:path';
import type { BlockIoDriver, DiskFormat } from '@sendense/core';
import { type DiskImage, openDiskImage, type ParentPolicy } from '@sendense/formats';
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

/** Opens an image that the session closes. */
export async function openImage(
  session: Session,
  file: string,
  options: ParentsOption & { readonly format?: DiskFormat },
): Promise<DiskImage> {
  const { format } = options;
  const access = await imageAccess(session, options);
  return session.own(await openDiskImage(pathOf(session, file), { ...access, ...(format && { format }) }));
}
