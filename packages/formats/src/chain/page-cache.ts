/** Bytes of table pages and decompressed clusters that all open images keep in memory together. */
export const PAGE_CACHE_BYTES = 4 * 1024 * 1024;

/**
 * Pages that went are kept this long, counted in pages that went after them, before their memory is used again: whoever
 * was waiting for one when it went has read it by then.
 */
const RECYCLE_AFTER = 16;

/**
 * Bounded memory of immutable pages; the page unused for longest goes first. All images that a process opens share one:
 * with one for each, those of images just closed would wait in memory to be collected, as many as are opened meanwhile.
 */
export class PageCache {
  readonly #limitBytes: number;
  readonly #pages = new Map<string, Uint8Array>();
  readonly #loading = new Map<string, Promise<Uint8Array>>();
  readonly #lent = new WeakSet<Uint8Array>();
  readonly #gone: Uint8Array[] = [];
  #bytes = 0;
  #owners = 0;

  constructor(limitBytes = PAGE_CACHE_BYTES) {
    this.#limitBytes = limitBytes;
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A prefix of keys that nobody else has: the same file may hold other bytes when it is opened again. */
  owner(): string {
    this.#owners += 1;
    return `${this.#owners}:`;
  }

  /** The page named `key`, at once when it is here; otherwise `load` runs once for all who wait for it. */
  get(key: string, load: () => Promise<Uint8Array>): Uint8Array | Promise<Uint8Array> {
    const page = this.#pages.get(key);
    if (page === undefined) return this.#loading.get(key) ?? this.#load(key, load);
    this.#pages.delete(key);
    this.#pages.set(key, page);
    return page;
  }

  /**
   * Memory for a page of `length` bytes whose readers are done with it as soon as they have it; it may hold the bytes of
   * a page that went. A walk through a huge disk reads a page for each table and would leave gigabytes to collect.
   */
  lend(length: number): Uint8Array {
    const oldest = this.#gone.length > RECYCLE_AFTER ? this.#gone.shift() : undefined;
    const page = oldest?.byteLength === length ? oldest : new Uint8Array(length);
    this.#lent.add(page);
    return page;
  }

  async #load(key: string, load: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const loading = load();
    this.#loading.set(key, loading);
    try {
      const page = await loading;
      this.#keep(key, page);
      return page;
    } finally {
      this.#loading.delete(key);
    }
  }

  #keep(key: string, page: Uint8Array): void {
    this.#pages.set(key, page);
    this.#bytes += page.byteLength;
    for (const [oldest, gone] of this.#pages) {
      if (this.#bytes <= this.#limitBytes) return;
      this.#pages.delete(oldest);
      this.#bytes -= gone.byteLength;
      if (this.#lent.has(gone) && this.#gone.length <= RECYCLE_AFTER) this.#gone.push(gone);
    }
  }
}
