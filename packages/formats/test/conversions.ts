import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { ConvertRequest, FormatConverter } from '@sendense/core';
import { createFormatConverter, type FormatConverterOptions } from '@sendense/formats/convert';
import { createRaw } from '@sendense/formats/raw';
import type { FileHandle, FileSystem, ImageLocks, ImageUse } from '@sendense/plugin-kit/files';
import { createMemoryFileSystem, type MemoryFileSystem, seededBytes } from '@sendense/testkit';

const MIB = 1024 * 1024;

/** Bytes of the disk that {@link sourceFileSystem} holds. */
export const SOURCE_BYTES = 5 * MIB;

/** A file system with a raw disk of random bytes, `/images/source`. */
export async function sourceFileSystem(): Promise<MemoryFileSystem> {
  const fileSystem = createMemoryFileSystem();
  await fileSystem.makeDirectory('/images');
  await using writer = await createRaw('/images/source', { fileSystem, sizeBytes: SOURCE_BYTES });
  await writer.write(0, seededBytes(1, SOURCE_BYTES));
  await writer.flush();
  return fileSystem;
}

/** A converter that resumes, with a checkpoint at each MiB, of files that no other program can have open. */
export function resumingConverter(
  fileSystem: FileSystem,
  options: FormatConverterOptions = {},
): FormatConverter {
  const imageLocks = async () => undefined;
  return createFormatConverter({ fileSystem, imageLocks, resume: true, checkpointBytes: MIB, ...options });
}

/** What the next process does with the lock on a target of a dead one: the process of a test is alive. */
export async function breakLock(fileSystem: FileSystem, target: string): Promise<void> {
  const lock = join(dirname(target), `.${basename(target)}.convert-lock`);
  if ((await fileSystem.stat(lock)) === undefined) return;
  for (const name of await fileSystem.list(lock)) {
    const path = join(lock, name);
    if ((await fileSystem.stat(path))?.kind === 'directory') await fileSystem.removeDirectory(path);
    else await fileSystem.unlink(path);
  }
  await fileSystem.removeDirectory(lock);
}

/** Locks of a machine on which one file alone is held: as `use` says whenever somebody asks for it. */
export function locksOf(fileSystem: FileSystem, path: string, use: () => ImageUse): ImageLocks {
  return async ({ identity }) => {
    const held = await fileSystem.stat(path);
    return held?.identity === identity ? use() : { written: false, writesForbidden: false };
  };
}

/** Asks for a raw copy of the source. */
export function rawRequest(): ConvertRequest {
  return {
    source: { path: '/images/source', format: 'raw' },
    target: { path: '/images/target', format: 'raw' },
    overwrite: false,
  };
}

/** The file system of a storage that fails with the `failAt`th byte written to a target; it counts what is written. */
export function failingFileSystem(fileSystem: FileSystem, failAt: number): FileSystem & { written: number } {
  const failingHandle = (handle: FileHandle): FileHandle => ({
    ...handle,
    read: (into, position) => handle.read(into, position),
    truncate: (size) => handle.truncate(size),
    sync: () => handle.sync(),
    size: () => handle.size(),
    [Symbol.asyncDispose]: () => handle[Symbol.asyncDispose](),
    async write(data, position) {
      watched.written += data.byteLength;
      if (watched.written > failAt) throw new Error('the storage is gone');
      await handle.write(data, position);
    },
  });
  const watched = {
    ...fileSystem,
    written: 0,
    async open(path: string, mode: Parameters<FileSystem['open']>[1]) {
      const handle = await fileSystem.open(path, mode);
      return path.endsWith('/target') ? failingHandle(handle) : handle;
    },
  };
  return watched;
}

/** SHA-256 of a file. */
export async function digest(fileSystem: FileSystem, path: string): Promise<string> {
  await using handle = await fileSystem.open(path, 'read');
  const bytes = new Uint8Array(await handle.size());
  await handle.read(bytes, 0);
  return createHash('sha256').update(bytes).digest('hex');
}
