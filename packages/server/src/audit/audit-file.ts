import { dirname } from 'node:path';
import type { FileHandle, FileSystem } from '@sendense/plugin-kit';
import type { AuditOptions } from './audit-options.ts';
import { rotate } from './rotate.ts';

const NEWLINE = 0x0a;

type OpenFile = { readonly handle: FileHandle; readonly identity: string; endBytes: number };

/** The file that lines are appended to, by one writer. It is opened anew after a failure, and when somebody moved or cut it. */
export class AuditFile implements AsyncDisposable {
  readonly #fileSystem: FileSystem;
  readonly #path: string;
  readonly #options: AuditOptions;
  #open: OpenFile | undefined;

  constructor(fileSystem: FileSystem, path: string, options: AuditOptions) {
    this.#fileSystem = fileSystem;
    this.#path = path;
    this.#options = options;
  }

  /** Appends whole lines; resolves when they are on the disk. What a failure leaves of them is cut off where the storage lets us. */
  async append(lines: string): Promise<void> {
    const bytes = new TextEncoder().encode(lines);
    try {
      let file = await this.#opened();
      if (file.endBytes > 0 && file.endBytes + bytes.byteLength > this.#options.maxFileBytes) {
        await this.#close();
        await rotate(this.#fileSystem, this.#path, this.#options.keptFiles);
        file = await this.#opened();
      }
      await this.#write(file, bytes);
    } catch (error) {
      await this.#close().catch(() => undefined); // the failure itself is told
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #write(file: OpenFile, bytes: Uint8Array): Promise<void> {
    try {
      await file.handle.write(bytes, file.endBytes);
      await file.handle.sync();
      file.endBytes += bytes.byteLength;
    } catch (error) {
      // Nobody was told that these lines are there.
      await file.handle.truncate(file.endBytes).catch(() => undefined);
      throw error;
    }
  }

  async #opened(): Promise<OpenFile> {
    const status = await this.#fileSystem.stat(this.#path);
    const { identity, endBytes } = this.#open ?? {};
    // What is written to a file that was removed is lost, though nothing fails.
    if (this.#open !== undefined && status?.identity === identity && status?.sizeBytes === endBytes)
      return this.#open;
    await this.#close();
    const handle = await this.#handle(status !== undefined);
    try {
      const { identity: found } = (await this.#fileSystem.stat(this.#path)) ?? { identity: '' };
      this.#open = { handle, identity: found, endBytes: await endOfLines(handle) };
      return this.#open;
    } catch (error) {
      await handle[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #handle(isThere: boolean): Promise<FileHandle> {
    if (isThere) return this.#fileSystem.open(this.#path, 'read-write');
    const handle = await this.#fileSystem.open(this.#path, 'create');
    await this.#fileSystem.syncDirectory(dirname(this.#path));
    return handle;
  }

  async #close(): Promise<void> {
    const file = this.#open;
    this.#open = undefined;
    await file?.handle[Symbol.asyncDispose]();
  }
}

/** The end of the file; a line that a crash left unfinished gets its end first, so that the next one is not glued to it. */
async function endOfLines(handle: FileHandle): Promise<number> {
  const sizeBytes = await handle.size();
  if (sizeBytes === 0) return 0;
  const last = new Uint8Array(1);
  await handle.read(last, sizeBytes - 1);
  if (last[0] === NEWLINE) return sizeBytes;
  await handle.write(Uint8Array.of(NEWLINE), sizeBytes);
  return sizeBytes + 1;
}
