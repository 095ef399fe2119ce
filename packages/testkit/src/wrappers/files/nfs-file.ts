import { type FileHandle, type FileSystem, mapErrno } from '@sendense/plugin-kit/files';

/** A file that a client has open. */
export type NfsFile = {
  /** Its name now, as far as this client renamed it. */
  path: string;
  readonly identity: string | undefined;
  /** This client itself removed or replaced it. */
  hidden: boolean;
};

/** An open file that its server forgets (`ESTALE`) once another client has replaced or removed its name. */
export function openNfsFile(
  server: FileSystem,
  inner: FileHandle,
  file: NfsFile,
  files: Set<NfsFile>,
): FileHandle {
  files.add(file);
  const via = async <T>(operation: string, run: () => Promise<T>): Promise<T> => {
    if (!file.hidden && (await server.stat(file.path))?.identity !== file.identity) {
      throw mapErrno(Object.assign(new Error('ESTALE'), { code: 'ESTALE' }), operation, file.path);
    }
    return await run();
  };
  return {
    read: (into, position) => via('read-file', () => inner.read(into, position)),
    write: (data, position) => via('write-file', () => inner.write(data, position)),
    truncate: (sizeBytes) => via('resize-file', () => inner.truncate(sizeBytes)),
    sync: () => via('sync-file', () => inner.sync()),
    size: () => via('stat-file', () => inner.size()),
    async [Symbol.asyncDispose]() {
      files.delete(file);
      await inner[Symbol.asyncDispose]();
    },
  };
}
