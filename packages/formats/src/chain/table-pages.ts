import type { SendenseError } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import type { PageCache } from './page-cache.ts';

/** Tables of any size are read in pages of this size at most. */
export const TABLE_PAGE_BYTES = 65_536;

/** Pages of the tables of one file, read through a shared, bounded cache. */
export class TablePages {
  readonly #handle: FileHandle;
  readonly #cache: PageCache;
  readonly #corrupt: (message: string) => SendenseError;
  readonly #owner: string;
  readonly #views = new WeakMap<Uint8Array, DataView>();

  constructor(handle: FileHandle, cache: PageCache, corrupt: (message: string) => SendenseError) {
    this.#handle = handle;
    this.#cache = cache;
    this.#corrupt = corrupt;
    this.#owner = cache.owner();
  }

  /** The `length` bytes at `position`; a page must not change its length. Rejects with `CORRUPT` outside the file. */
  page(position: number, length: number, what: string): DataView | Promise<DataView> {
    const page = this.#cache.get(`${this.#owner}${position}`, () => this.#load(position, length, what));
    return page instanceof Promise ? page.then((bytes) => this.#view(bytes)) : this.#view(page);
  }

  /** The decompressed cluster stored at `position`, made by `load` when it is not in memory. */
  cluster(position: number, load: () => Promise<Uint8Array>): Uint8Array | Promise<Uint8Array> {
    return this.#cache.get(`${this.#owner}z${position}`, load);
  }

  async #load(position: number, length: number, what: string): Promise<Uint8Array> {
    const bytes = this.#cache.lend(length);
    const count = Number.isSafeInteger(position + length) ? await this.#handle.read(bytes, position) : 0;
    if (count === 0) throw this.#corrupt(`${what} lies outside the file (offset ${position})`);
    return bytes.fill(0, count);
  }

  #view(bytes: Uint8Array): DataView {
    const known = this.#views.get(bytes);
    if (known !== undefined) return known;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#views.set(bytes, view);
    return view;
  }
}
