import type { FileHandle, FileSystem } from '@sendense/plugin-kit/files';
import type { FileOperation } from './file-operation.ts';

/** An operation that is about to happen. */
export type Attempt<T> = {
  readonly operation: FileOperation;
  /** Lets it happen. */
  readonly run: () => Promise<T>;
  /** Lets only the first `bytes` of a `write` happen. */
  readonly runTorn: (bytes: number) => Promise<void>;
};

/** Decides about each operation: runs it, fails it, or does something else. */
export type Interceptor = <T>(attempt: Attempt<T>) => Promise<T>;

const nothingTorn = (_bytes: number): Promise<void> => Promise.resolve();

/** A file system whose every operation, those of open files too, goes through `intercept`. */
export function interceptFileSystem(inner: FileSystem, intercept: Interceptor): FileSystem {
  const via = <T>(operation: FileOperation, run: () => Promise<T>): Promise<T> =>
    intercept({ operation, run, runTorn: nothingTorn });
  return {
    open: (path, mode) =>
      via({ kind: mode === 'create' ? 'create' : 'open', path }, async () =>
        interceptHandle(await inner.open(path, mode), path, intercept),
      ),
    rename: (path, to) => via({ kind: 'rename', path, to }, () => inner.rename(path, to)),
    link: (path, to) => via({ kind: 'link', path, to }, () => inner.link(path, to)),
    unlink: (path) => via({ kind: 'unlink', path }, () => inner.unlink(path)),
    makeDirectory: (path) => via({ kind: 'make-directory', path }, () => inner.makeDirectory(path)),
    removeDirectory: (path) => via({ kind: 'remove-directory', path }, () => inner.removeDirectory(path)),
    list: (path) => via({ kind: 'list', path }, () => inner.list(path)),
    stat: (path) => via({ kind: 'stat', path }, () => inner.stat(path)),
    syncDirectory: (path) => via({ kind: 'sync-directory', path }, () => inner.syncDirectory(path)),
    space: (path) => via({ kind: 'space', path }, () => inner.space(path)),
    realPath: (path) => via({ kind: 'real-path', path }, () => inner.realPath(path)),
  };
}

function interceptHandle(inner: FileHandle, path: string, intercept: Interceptor): FileHandle {
  const via = <T>(operation: FileOperation, run: () => Promise<T>, runTorn = nothingTorn): Promise<T> =>
    intercept({ operation, run, runTorn });
  return {
    read: (into, offset) =>
      via({ kind: 'read', path, offset, length: into.byteLength }, () => inner.read(into, offset)),
    write: (data, offset) =>
      via(
        { kind: 'write', path, offset, length: data.byteLength },
        () => inner.write(data, offset),
        (bytes: number) => inner.write(data.subarray(0, bytes), offset),
      ),
    truncate: (size) => via({ kind: 'truncate', path, offset: size }, () => inner.truncate(size)),
    sync: () => via({ kind: 'sync', path }, () => inner.sync()),
    size: () => via({ kind: 'size', path }, () => inner.size()),
    [Symbol.asyncDispose]: () => via({ kind: 'close', path }, async () => inner[Symbol.asyncDispose]()),
  };
}
