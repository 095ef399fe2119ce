import { amendError, type SendenseError } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import type { PageCache } from './page-cache.ts';

/** Tables of any size are read in pages of this size at most. */
export const TABLE_PAGE_BYTES = 65_536;

type WantedPage = {
  readonly position: number;
  readonly length: number;
  readonly what: string;
  /** Bytes that the file must have of it. */
  readonly least: number;
};

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

  /**
   * The `length` bytes at `position`; a page must not change its length. Where the file ends inside it the rest is zeros: for
   * callers who know that what they need of it lies in the file. Rejects with `CORRUPT` outside the file.
   */
  page(position: number, length: number, what: string): DataView | Promise<DataView> {
    return this.#page({ position, length, what, least: 1 });
  }

  /** Like {@link page} for bytes that belong to a table from the first to the last: `CORRUPT` when the file ends inside them. */
  whole(position: number, length: number, what: string): DataView | Promise<DataView> {
    return this.#page({ position, length, what, least: length });
  }

  /** The decompressed cluster stored at `position`, made by `load` when it is not in memory. */
  cluster(position: number, load: () => Promise<Uint8Array>): Uint8Array | Promise<Uint8Array> {
    return this.#cache.get(`${this.#owner}z${position}`, load);
  }

  #page(wanted: WantedPage): DataView | Promise<DataView> {
    const page = this.#cache.get(`${this.#owner}${wanted.position}`, () => this.#load(wanted));
    return page instanceof Promise ? page.then((bytes) => this.#view(bytes)) : this.#view(page);
  }

  async #load({ position, length, what, least }: WantedPage): Promise<Uint8Array> {
    const bytes = this.#cache.lend(length);
    const count = Number.isSafeInteger(position + length) ? await this.#handle.read(bytes, position) : 0;
    if (count === 0) throw this.#corrupt(`${what} lies outside the file (offset ${position})`);
    if (count < least) throw this.#cutShort(what, position);
    return bytes.fill(0, count);
  }

  #cutShort(what: string, position: number): SendenseError {
    return amendError(this.#corrupt(`the file ends inside ${what} (offset ${position})`), {
      remedy:
        'the file was cut short: take another copy of it; no repair brings back where the lost data lies',
    });
  }

  #view(bytes: Uint8Array): DataView {
    const known = this.#views.get(bytes);
    if (known !== undefined) return known;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#views.set(bytes, view);
    return view;
  }
}
