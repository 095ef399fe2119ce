import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { FileHandle, FileSystem } from '@sendense/plugin-kit/files';
import { release } from '../store/release.ts';

/** Where the pages of a table are: random reads and writes of bytes that begin as zeros. */
export interface TableStorage extends AsyncDisposable {
  read(into: Uint8Array, position: number): Promise<void>;
  write(data: Uint8Array, position: number): Promise<void>;
}

/** Tables up to this size stay in memory. */
const MEMORY_BYTES = 8 * 1024 * 1024;

/** Makes the storage of a table of `sizeBytes`. */
export type CreateTableStorage = (sizeBytes: number) => Promise<TableStorage>;

/** Small tables in memory, large ones in a file below `folder` without a name: it is gone when the process is, killed or not. */
export function tableStorageIn(fileSystem: FileSystem, folder: string): CreateTableStorage {
  return async (sizeBytes) => {
    if (sizeBytes <= MEMORY_BYTES) return memoryStorage(sizeBytes);
    const path = join(folder, `sendense-chunk-table-${randomUUID()}`);
    await fileSystem.makeDirectory(folder);
    const file = await fileSystem.open(path, 'create');
    try {
      await fileSystem.unlink(path);
      await file.truncate(sizeBytes);
      return fileStorage(file);
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  };
}

function memoryStorage(sizeBytes: number): TableStorage {
  const bytes = new Uint8Array(sizeBytes);
  return {
    async read(into, position) {
      into.set(bytes.subarray(position, position + into.byteLength));
    },
    async write(data, position) {
      bytes.set(data, position);
    },
    async [Symbol.asyncDispose]() {
      release(bytes);
    },
  };
}

function fileStorage(file: FileHandle): TableStorage {
  let closed: Promise<void> | undefined;
  return {
    async read(into, position) {
      await file.read(into, position);
    },
    write: (data, position) => file.write(data, position),
    [Symbol.asyncDispose]() {
      closed ??= Promise.resolve(file[Symbol.asyncDispose]());
      return closed;
    },
  };
}
