import { SendenseError } from '@sendense/core';
import { type DatastoreFile, type DatastoreFiles, formatDatastorePath } from '@sendense/platform-vmware';
import type { FileHandle, FileStatus, FileSystem } from '@sendense/plugin-kit/files';

/** Where the files of one disk lie. */
export type DatastorePlace = Pick<DatastoreFile, 'datastore' | 'datacenter'>;

/** Files of one datastore for readers of disk formats: `/FOLDER/FILE`. Nothing can be written. */
export function datastoreFileSystem(files: DatastoreFiles, place: DatastorePlace): FileSystem {
  const fileAt = (path: string): DatastoreFile => ({ ...place, path: path.replace(/^\/+/, '') });
  const stat = async (path: string): Promise<FileStatus | undefined> => {
    const file = fileAt(path);
    try {
      const sizeBytes = await files.size(file);
      return {
        kind: 'file',
        sizeBytes,
        allocatedBytes: sizeBytes,
        modifiedMs: 0,
        identity: formatDatastorePath(file),
      };
    } catch (error) {
      if (SendenseError.is(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  };
  return {
    async open(path, mode) {
      if (mode !== 'read') throw readOnly(path);
      const file = fileAt(path);
      return openHandle(files, file, await files.size(file));
    },
    stat,
    realPath: async (path) => path,
    rename: (from) => Promise.reject(readOnly(from)),
    link: (from) => Promise.reject(readOnly(from)),
    unlink: (path) => Promise.reject(readOnly(path)),
    makeDirectory: (path) => Promise.reject(readOnly(path)),
    removeDirectory: (path) => Promise.reject(readOnly(path)),
    list: (path) => Promise.reject(readOnly(path)),
    syncDirectory: (path) => Promise.reject(readOnly(path)),
    space: (path) => Promise.reject(readOnly(path)),
  };
}

function openHandle(files: DatastoreFiles, file: DatastoreFile, sizeBytes: number): FileHandle {
  const path = formatDatastorePath(file);
  return {
    async read(into, position) {
      const length = Math.max(0, Math.min(into.byteLength, sizeBytes - position));
      if (length > 0) await files.read(file, position, into.subarray(0, length));
      return length;
    },
    size: async () => sizeBytes,
    write: () => Promise.reject(readOnly(path)),
    truncate: () => Promise.reject(readOnly(path)),
    sync: () => Promise.reject(readOnly(path)),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function readOnly(path: string): SendenseError {
  return new SendenseError('READ_ONLY', `${path} is read from a datastore and never changed`, {
    operation: 'open-datastore-file',
  });
}
