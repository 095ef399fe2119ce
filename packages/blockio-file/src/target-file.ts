import { SendenseError } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import type { OpenEndpoint } from './open-endpoint.ts';
import { PAGE_BYTES } from './page-buffers.ts';

/** A write past the page cache waits for the storage: only large ones gain by it. */
const DIRECT_BYTES = 128 * 1024;

/** The destination of a transfer, whose large writes go past the page cache where its file system can. */
export class TargetFile implements AsyncDisposable {
  readonly #handle: FileHandle;
  /** The same file. */
  readonly #direct: FileHandle | undefined;
  #isDirect: boolean;

  private constructor(handle: FileHandle, direct: FileHandle | undefined) {
    this.#handle = handle;
    this.#direct = direct;
    this.#isDirect = direct !== undefined;
  }

  /** The caller keeps `to`; devices go through the cache, which their other users share. */
  static async open({ handle, endpoint }: OpenEndpoint, pastCache: boolean): Promise<TargetFile> {
    const direct = pastCache && endpoint.kind === 'file' ? await handle.openPastCache?.() : undefined;
    return new TargetFile(handle, direct);
  }

  async write(data: Uint8Array, position: number): Promise<void> {
    if (this.#direct !== undefined && this.#isDirect && isForDirect(data, position)) {
      try {
        return await this.#direct.write(data, position);
      } catch (error) {
        // a storage with a wider grid, or memory that lies off it
        if (!SendenseError.is(error) || error.context?.errno !== 'EINVAL') throw error;
        this.#isDirect = false;
      }
    }
    await this.#handle.write(data, position);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#direct?.[Symbol.asyncDispose]();
  }
}

function isForDirect(data: Uint8Array, position: number): boolean {
  return (
    data.byteLength >= DIRECT_BYTES &&
    [position, data.byteLength, data.byteOffset].every((value) => value % PAGE_BYTES === 0)
  );
}
