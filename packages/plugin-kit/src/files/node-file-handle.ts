import { constants } from 'node:fs';
import { type FileHandle as NodeHandle, open, statfs } from 'node:fs/promises';
import type { FileHandle } from './file-handle.ts';
import { mapErrno } from './map-errno.ts';

/** `f_type` of tmpfs (statfs(2)), where there is nothing past the page cache. */
const TMPFS_MAGIC = 0x01021994;

/** A {@link FileHandle} on a Node file handle. */
export class NodeFileHandle implements FileHandle {
  readonly #handle: NodeHandle;
  readonly #path: string;
  #closed: Promise<void> | undefined;

  constructor(handle: NodeHandle, path: string) {
    this.#handle = handle;
    this.#path = path;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let done = 0;
    try {
      while (done < into.byteLength) {
        const { bytesRead } = await this.#handle.read(into, done, into.byteLength - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
    } catch (error) {
      throw mapErrno(error, 'read-file', this.#path);
    }
    return done;
  }

  async write(data: Uint8Array, position: number): Promise<void> {
    let done = 0;
    try {
      while (done < data.byteLength) {
        const { bytesWritten } = await this.#handle.write(
          data,
          done,
          data.byteLength - done,
          position + done,
        );
        done += bytesWritten;
      }
    } catch (error) {
      throw mapErrno(error, 'write-file', this.#path);
    }
  }

  async truncate(sizeBytes: number): Promise<void> {
    await this.#handle.truncate(sizeBytes).catch((error: unknown) => {
      throw mapErrno(error, 'resize-file', this.#path);
    });
  }

  async sync(): Promise<void> {
    await this.#handle.datasync().catch((error: unknown) => {
      throw mapErrno(error, 'sync-file', this.#path);
    });
  }

  async size(): Promise<number> {
    try {
      return (await this.#handle.stat()).size;
    } catch (error) {
      throw mapErrno(error, 'stat-file', this.#path);
    }
  }

  async openPastCache(): Promise<FileHandle | undefined> {
    if (process.platform !== 'linux') return undefined;
    const same = `/proc/self/fd/${this.#handle.fd}`; // the same inode, whatever its name is by now
    try {
      const { type } = await statfs(same);
      if (type === TMPFS_MAGIC) return undefined;
      return new NodeFileHandle(await open(same, constants.O_WRONLY | constants.O_DIRECT), this.#path);
    } catch {
      return undefined; // a matter of speed
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#handle.close().catch((error: unknown) => {
      throw mapErrno(error, 'close-file', this.#path);
    });
    return this.#closed;
  }
}
