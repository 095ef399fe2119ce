import type { FileHandle, FileSystem } from '@sendense/plugin-kit/files';
import { createMemoryFileSystem } from '@sendense/testkit';

/** Files in memory whose time is that of their last writing, as in real storage; a further name changes nothing. */
export function createTimedFiles(clock: { readonly nowMs: number }): FileSystem {
  const files = createMemoryFileSystem();
  const written = new Map<string, number>();
  return {
    ...files,
    async open(path, mode) {
      const file = await files.open(path, mode);
      const { identity = '' } = (await files.stat(path)) ?? {};
      const note = () => written.set(identity, clock.nowMs);
      if (mode === 'create') note();
      return timedHandle(file, note);
    },
    async stat(path) {
      const status = await files.stat(path);
      return status && { ...status, modifiedMs: written.get(status.identity) ?? 0 };
    },
  };
}

function timedHandle(file: FileHandle, note: () => void): FileHandle {
  return {
    read: (into, position) => file.read(into, position),
    async write(data, position) {
      await file.write(data, position);
      note();
    },
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    sync: () => file.sync(),
    size: () => file.size(),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}
