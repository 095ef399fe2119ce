import { type FileStatus, type FileSystem, mapErrno } from '@sendense/plugin-kit/files';

/** A file as it stood at one moment: when any of this differs, it may hold other bytes. */
export type FileVersion = Pick<FileStatus, 'identity' | 'sizeBytes' | 'modifiedMs'> & {
  readonly path: string;
};

/** The version of `path` now. Rejects with `NOT_FOUND` when it is gone. */
export async function fileVersion(fileSystem: FileSystem, path: string): Promise<FileVersion> {
  const status = await fileSystem.stat(path);
  if (status === undefined) throw mapErrno({ code: 'ENOENT' }, 'stat-image', path);
  const { identity, sizeBytes, modifiedMs } = status;
  return { path, identity, sizeBytes, modifiedMs };
}

/** Whether two versions of one path are the same. */
export function isSameVersion(a: FileVersion, b: FileVersion | undefined): boolean {
  return a.identity === b?.identity && a.sizeBytes === b.sizeBytes && a.modifiedMs === b.modifiedMs;
}
