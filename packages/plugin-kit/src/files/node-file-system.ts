import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import type { FileKind, FileStatus, FileSystem, OpenMode } from './file-system.ts';
import { makeDirectory } from './make-directory.ts';
import { mapErrno } from './map-errno.ts';
import { NodeFileHandle } from './node-file-handle.ts';

const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: constants.O_RDONLY,
  'read-write': constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
};

/** Errors by which storage says that it cannot sync a folder, and that are not failures of the disk. */
const NO_DIRECTORY_SYNC: ReadonlySet<string> = new Set([
  'EINVAL',
  'ENOTSUP',
  'EISDIR',
  'EACCES',
  'EPERM',
  'EBADF',
]);

async function mapped<T>(operation: string, path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw mapErrno(error, operation, path);
  }
}

function kindOf(stats: { isFile(): boolean; isDirectory(): boolean; isBlockDevice(): boolean }): FileKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isBlockDevice() ? 'device' : 'other';
}

async function status(path: string): Promise<FileStatus | undefined> {
  const stats = await fs.stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw mapErrno(error, 'stat-file', path);
  });
  if (stats === undefined) return undefined;
  return {
    kind: kindOf(stats),
    sizeBytes: Number(stats.size),
    allocatedBytes: Number(stats.blocks) * 512,
    modifiedMs: Number(stats.mtimeMs),
    changedNs: stats.ctimeNs,
    mode: Number(stats.mode) & 0o7777,
    identity: `${stats.dev}:${stats.ino}`,
  };
}

async function syncDirectory(path: string): Promise<boolean> {
  const handle = await mapped('open-directory', path, () =>
    fs.open(path, constants.O_RDONLY | constants.O_DIRECTORY),
  );
  try {
    await handle.sync();
    return true;
  } catch (error) {
    if (NO_DIRECTORY_SYNC.has((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw mapErrno(error, 'sync-directory', path);
  } finally {
    await handle.close();
  }
}

/** The files of this machine. */
export const nodeFileSystem: FileSystem = {
  open: (path, mode) =>
    mapped('open-file', path, async () => new NodeFileHandle(await fs.open(path, FLAGS[mode], 0o600), path)),
  rename: (from, to) => mapped('rename-file', from, () => fs.rename(from, to)),
  link: (from, to) => mapped('link-file', to, () => fs.link(from, to)),
  unlink: (path) => mapped('remove-file', path, () => fs.unlink(path)),
  makeDirectory: (path) => mapped('make-directory', path, () => makeDirectory(path)),
  removeDirectory: (path) => mapped('remove-directory', path, () => fs.rmdir(path)),
  list: (path) => mapped('list-directory', path, async () => (await fs.readdir(path)).sort()),
  stat: status,
  syncDirectory,
  space: (path) =>
    mapped('stat-file-system', path, async () => {
      const { bsize, blocks, bavail } = await fs.statfs(path);
      return { totalBytes: bsize * blocks, availableBytes: bsize * bavail };
    }),
  realPath: (path) => mapped('resolve-path', path, () => fs.realpath(path)),
  endpoint: (path) => ({ kind: 'file', path }),
};
