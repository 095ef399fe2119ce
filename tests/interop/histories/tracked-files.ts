import type { FileHandle, FileSystem } from '@sendense/plugin-kit/files';

/** A file system that knows which of its files are open. */
export type TrackedFiles = {
  readonly fileSystem: FileSystem;
  readonly open: ReadonlyMap<FileHandle, string>;
};

/** Tracks what is opened through the result; `open` tells the path of each open file. */
export function trackFiles(inner: FileSystem): TrackedFiles {
  const open = new Map<FileHandle, string>();
  return {
    open,
    fileSystem: {
      ...inner,
      async open(path, mode) {
        const handle = await inner.open(path, mode);
        open.set(handle, path);
        return {
          read: (into, offset) => handle.read(into, offset),
          write: (data, offset) => handle.write(data, offset),
          truncate: (sizeBytes) => handle.truncate(sizeBytes),
          sync: () => handle.sync(),
          size: () => handle.size(),
          async [Symbol.asyncDispose]() {
            open.delete(handle);
            await handle[Symbol.asyncDispose]();
          },
        };
      },
    },
  };
}
