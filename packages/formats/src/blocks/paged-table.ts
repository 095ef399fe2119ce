import type { FileHandle } from '@sendense/plugin-kit/files';
import { TABLE_PAGE_BYTES } from '../chain/table-pages.ts';

/** Pages in memory at once: 4 MiB of them. */
const MAX_PAGES = 64;

/** What a {@link PagedTable} is made of. */
export type PagedTableOptions = {
  readonly handle: FileHandle;
  /** Where the table lies in the file. */
  readonly offset: number;
  /** Length of the table in bytes. */
  readonly length: number;
  /** What each byte of the table is before it is changed. */
  readonly fill: number;
};

type Page = { readonly bytes: Uint8Array; readonly view: DataView; isDirty: boolean };

/** A place in a page. */
export type Slot = { readonly view: DataView; readonly at: number };

/** A table of a new file that is filled in any order, and of which only some pages are in memory. */
export class PagedTable {
  readonly #options: PagedTableOptions;
  /** The page unused for longest is the first. */
  readonly #pages = new Map<number, Page>();
  readonly #loading = new Map<number, Promise<Page>>();
  /** Pages that the file has: one bit each. */
  readonly #stored: Uint8Array;
  #isLive = false;

  constructor(options: PagedTableOptions) {
    this.#options = options;
    this.#stored = new Uint8Array(Math.ceil(options.length / TABLE_PAGE_BYTES / 8));
  }

  /** Whether there are changes that {@link write} would hand to the file. */
  get isDirty(): boolean {
    return [...this.#pages.values()].some(({ isDirty }) => isDirty);
  }

  /** Takes the table for what is in the file already. */
  adopt(): void {
    this.#stored.fill(0xff);
  }

  /** The place of the byte at `offset` of the table, to be read. */
  read(offset: number): Slot | Promise<Slot> {
    const index = Math.floor(offset / TABLE_PAGE_BYTES);
    const page = this.#pages.get(index);
    const at = offset % TABLE_PAGE_BYTES;
    return page === undefined
      ? this.#load(index).then(({ view }) => ({ view, at }))
      : { view: page.view, at };
  }

  /**
   * Changes the bytes at `offset` of the table: at once where the page is in memory, so that no other call comes between, and then
   * there is nothing to wait for.
   */
  change(offset: number, apply: (slot: Slot) => void): Promise<void> | undefined {
    const index = Math.floor(offset / TABLE_PAGE_BYTES);
    const page = this.#pages.get(index);
    if (page === undefined) return this.#load(index).then(() => this.change(offset, apply));
    page.isDirty = true;
    apply({ view: page.view, at: offset % TABLE_PAGE_BYTES });
    this.#pages.delete(index);
    this.#pages.set(index, page);
    return undefined;
  }

  /** The first offset from `offset` on, up to `end`, that lies in a page that was ever changed. */
  nextChanged(offset: number, end: number): number {
    let at = offset;
    while (at < end && !this.#isKnown(Math.floor(at / TABLE_PAGE_BYTES)))
      at = (Math.floor(at / TABLE_PAGE_BYTES) + 1) * TABLE_PAGE_BYTES;
    return Math.min(at, end);
  }

  /** Hands all changes to the file; the first time with the pages that nobody changed, unless they are zeros. */
  async write(): Promise<void> {
    for (const [index, page] of this.#pages) if (page.isDirty) await this.#store(index, page);
    if (!this.#isLive && this.#options.fill !== 0) await this.#fillRest();
    this.#isLive = true;
  }

  #isKnown(index: number): boolean {
    return this.#pages.has(index) || this.#isStored(index);
  }

  #isStored(index: number): boolean {
    return (((this.#stored[index >>> 3] ?? 0) >>> (index & 7)) & 1) === 1;
  }

  /** Each page is loaded once for all who wait for it: two copies would lose the changes of one. */
  #load(index: number): Promise<Page> {
    const known = this.#loading.get(index);
    if (known !== undefined) return known;
    const loading = this.#read(index).finally(() => this.#loading.delete(index));
    this.#loading.set(index, loading);
    return loading;
  }

  async #read(index: number): Promise<Page> {
    await this.#makeRoom();
    const start = index * TABLE_PAGE_BYTES;
    const bytes = this.#emptyPage(start);
    if (this.#isStored(index)) await this.#options.handle.read(bytes, this.#options.offset + start);
    const page = { bytes, view: new DataView(bytes.buffer), isDirty: false };
    this.#pages.set(index, page);
    return page;
  }

  #emptyPage(start: number): Uint8Array {
    const { length, fill } = this.#options;
    return new Uint8Array(Math.min(TABLE_PAGE_BYTES, length - start)).fill(fill);
  }

  async #makeRoom(): Promise<void> {
    for (const [index, page] of this.#pages) {
      if (this.#pages.size < MAX_PAGES) return;
      // In an image that is valid already, no entry may refer to what a power loss would take away.
      if (page.isDirty && this.#isLive) await this.#options.handle.sync();
      if (page.isDirty) await this.#store(index, page);
      // Somebody may have changed it meanwhile.
      if (!page.isDirty) this.#pages.delete(index);
    }
  }

  async #store(index: number, page: Page): Promise<void> {
    page.isDirty = false;
    await this.#options.handle.write(page.bytes, this.#options.offset + index * TABLE_PAGE_BYTES);
    this.#stored[index >>> 3] = (this.#stored[index >>> 3] ?? 0) | (1 << (index & 7));
  }

  async #fillRest(): Promise<void> {
    const { length, offset, handle } = this.#options;
    for (let start = 0; start < length; start += TABLE_PAGE_BYTES) {
      if (this.#isStored(start / TABLE_PAGE_BYTES)) continue;
      await handle.write(this.#emptyPage(start), offset + start);
    }
  }
}
