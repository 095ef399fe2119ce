import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { amendError, type ByteRange, type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { type FileHandle, type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { dateByNaming } from './date-by-naming.ts';
import { listDirectory } from './list-directory.ts';
import { checkKey } from './object-key.ts';
import type {
  GetOptions,
  ListedObject,
  ListOptions,
  ObjectStatus,
  ObjectStore,
  PutOptions,
} from './object-store.ts';
import { unlessGone } from './unless-gone.ts';

/** Files on their way; no object is in there. */
export const INCOMING = '.incoming';
/** What was not written to for so long has no writer any more. */
const ABANDONED_MS = 24 * 3600 * 1000;
const MAX_OBJECT_BYTES = 2 ** 40;

/** Options of a directory store. */
export type DirectoryStoreOptions = {
  /** The folder; made when it is not there. On one file system that has hard links. */
  readonly path: string;
};

/**
 * Objects as files of a folder, also of one that is mounted from elsewhere. Its clock is that of the file system, and the time of an
 * object that of its name (see `dateByNaming`). What a process that died left on the way is in `.incoming` and no object.
 */
export function createDirectoryStore(
  { path }: DirectoryStoreOptions,
  fileSystem: FileSystem = nodeFileSystem,
): ObjectStore {
  return new DirectoryStore(path, fileSystem);
}

class DirectoryStore implements ObjectStore {
  readonly location: string;
  readonly capabilities = { retention: false, maxObjectBytes: MAX_OBJECT_BYTES };
  readonly #root: string;
  readonly #files: FileSystem;
  #isOpen = true;
  /** Once for each opened store, with the first object that it creates. */
  #cleaning: Promise<void> | undefined;

  constructor(root: string, fileSystem: FileSystem) {
    this.#root = root;
    this.#files = fileSystem;
    this.location = `dir:${root}`;
  }

  async put(
    key: string,
    bytes: Uint8Array | readonly Uint8Array[],
    options: PutOptions = {},
    call?: Call,
  ): Promise<ObjectStatus> {
    const path = this.#enter('put-object', key, call);
    if (options.retainUntil !== undefined) throw noRetention(this.location);
    const incoming = join(this.#root, INCOMING);
    await this.#makeFolder(incoming);
    const partial = join(incoming, randomUUID());
    try {
      await this.#writeFile(partial, bytes instanceof Uint8Array ? [bytes] : bytes, call);
      this.#cleaning ??= this.#removeAbandoned(incoming, partial);
      await this.#cleaning;
      throwIfAborted(call?.signal, 'put-object');
      await this.#makeFolder(dirname(path));
      options.beforeSend?.();
      await this.#files.link(partial, path);
      await onceThere(() => dateByNaming(this.#files, partial, incoming));
    } finally {
      await this.#files.unlink(partial).catch(unlessGone);
    }
    return await onceThere(async () => {
      await this.#files.syncDirectory(dirname(path));
      return (await this.head(key)) ?? missing(key);
    });
  }

  async get(key: string, range?: ByteRange, options?: GetOptions): Promise<Uint8Array> {
    const path = this.#enter('get-object', key, options);
    await using file = await this.#files.open(path, 'read').catch((error: unknown) => {
      throw SendenseError.is(error, 'NOT_FOUND') ? missingError(key, error) : error;
    });
    const sizeBytes = await file.size();
    const { offset, length } = range ?? { offset: 0, length: sizeBytes };
    if (offset + length > sizeBytes) throw pastEnd(key, sizeBytes, { offset, length });
    const into = options?.into?.subarray(0, length);
    const bytes = into?.byteLength === length ? into : Buffer.allocUnsafeSlow(length);
    for (let done = 0; done < length; ) {
      throwIfAborted(options?.signal, 'get-object');
      const read = await file.read(bytes.subarray(done), offset + done);
      if (read === 0) throw pastEnd(key, offset + done, { offset, length });
      done += read;
    }
    return bytes;
  }

  async head(key: string, call?: Call): Promise<ObjectStatus | undefined> {
    const path = this.#enter('head-object', key, call);
    const status = await this.#files.stat(path);
    if (status?.kind !== 'file') return undefined;
    return { sizeBytes: status.sizeBytes, modifiedAt: new Date(status.modifiedMs) };
  }

  async *list(prefix: string, { after = '' }: ListOptions = {}, call?: Call): AsyncGenerator<ListedObject> {
    for await (const key of listDirectory(this.#files, this.#root, prefix, after)) {
      const status = await this.head(key, call);
      if (status !== undefined) yield { key, ...status };
    }
  }

  async delete(key: string, call?: Call): Promise<void> {
    const path = this.#enter('delete-object', key, call);
    await this.#files.unlink(path).catch(unlessGone);
    // also when it was gone: who removed it may have died before this
    await this.#files.syncDirectory(dirname(path)).catch(unlessGone);
  }

  async retain(): Promise<void> {
    throw noRetention(this.location);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
  }

  #enter(operation: string, key: string, call: Call | undefined): string {
    if (!this.#isOpen) throw new SendenseError('NOT_OPEN', `${this.location} is closed`, { operation });
    throwIfAborted(call?.signal, operation);
    return join(this.#root, checkKey(key));
  }

  async #writeFile(path: string, parts: readonly Uint8Array[], call: Call | undefined): Promise<void> {
    const file: FileHandle = await this.#files.open(path, 'create');
    try {
      let position = 0;
      for (const part of parts) {
        throwIfAborted(call?.signal, 'put-object');
        await file.write(part, position);
        position += part.byteLength;
      }
      await file.sync();
    } finally {
      await file[Symbol.asyncDispose]();
    }
  }

  /** Removes what writers that died left on the way: nothing was written to it for a day, by the clock of the file system. */
  async #removeAbandoned(incoming: string, ours: string): Promise<void> {
    const nowMs = (await this.#files.stat(ours))?.modifiedMs ?? 0;
    for (const name of await this.#files.list(incoming)) {
      const path = join(incoming, name);
      const status = await this.#files.stat(path);
      if (status === undefined || nowMs - status.modifiedMs < ABANDONED_MS) continue;
      await this.#files.unlink(path).catch((error: unknown) => {
        if (!SendenseError.is(error)) throw error; // who may not delete leaves it to who may
      });
    }
  }

  /** Makes a folder whose name outlives a power loss. */
  async #makeFolder(path: string): Promise<void> {
    const made: string[] = [];
    for (let folder = path; (await this.#files.stat(folder)) === undefined; folder = dirname(folder))
      made.push(folder);
    if (made.length === 0) return;
    await this.#files.makeDirectory(path);
    for (const folder of made) await this.#files.syncDirectory(dirname(folder));
  }
}

/** Runs what is done once an object has its name: whoever is told that it failed must look whether the object is there. */
async function onceThere<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw SendenseError.is(error) ? amendError(error, { effect: 'unknown' }) : error;
  }
}

function missing(key: string): never {
  throw missingError(key);
}

function missingError(key: string, cause?: unknown): SendenseError {
  return new SendenseError('NOT_FOUND', `there is no object ${key}`, {
    operation: 'get-object',
    context: { object: key },
    cause,
  });
}

function pastEnd(key: string, sizeBytes: number, { offset, length }: ByteRange): SendenseError {
  const message = `[${offset}, +${length}) reaches past the end of the object ${key} (${sizeBytes} bytes)`;
  return new SendenseError('RANGE_INVALID', message, { operation: 'get-object', context: { object: key } });
}

function noRetention(location: string): SendenseError {
  return new SendenseError('UNSUPPORTED', `${location} is a folder: it has no object lock`, {
    operation: 'retain-object',
    remedy: 'use a bucket with object lock',
  });
}
