import { SendenseError } from '@sendense/core';
import type { FileHandle, FileSystem } from '@sendense/plugin-kit/files';

/** Where a file lies inside another one, in bytes. */
export type MemberRange = { readonly offset: number; readonly sizeBytes: number };

/** Files of a package are only read here. */
async function refuse(): Promise<never> {
  throw new SendenseError('READ_ONLY', 'a file of a package is only read', { operation: 'write-file' });
}

function memberHandle(inner: FileHandle, { offset, sizeBytes }: MemberRange): FileHandle {
  return {
    async read(into, position) {
      const length = Math.max(0, Math.min(into.byteLength, sizeBytes - position));
      return length === 0 ? 0 : await inner.read(into.subarray(0, length), offset + position);
    },
    write: refuse,
    truncate: refuse,
    sync: refuse,
    size: async () => sizeBytes,
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}

/** A file system in which the file at `path` is the part `range` of it: what a format opens of an archive. */
export function memberFileSystem(inner: FileSystem, path: string, range: MemberRange): FileSystem {
  return {
    open: async (file) => memberHandle(await inner.open(file, 'read'), range),
    stat: async (file) => {
      const status = await inner.stat(file);
      return status && { ...status, sizeBytes: file === path ? range.sizeBytes : status.sizeBytes };
    },
    realPath: (file) => inner.realPath(file),
    list: (folder) => inner.list(folder),
    space: (file) => inner.space(file),
    rename: refuse,
    link: refuse,
    unlink: refuse,
    makeDirectory: refuse,
    removeDirectory: refuse,
    syncDirectory: refuse,
  };
}
