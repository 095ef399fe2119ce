import { SendenseError } from '@sendense/core';
import type { Blake3 } from '@sendense/plugin-kit/digest';
import type { FileHandle, FileSystem } from '@sendense/plugin-kit/files';
import { checkHeaderPage, type DigestEntry, DigestPage, PAGE_BYTES } from './digest-page.ts';

/** Which digest file to open, as its sidecar says. */
export type DigestFile = {
  readonly path: string;
  readonly sizeBytes: number;
  /** Hex. */
  readonly id: string;
  readonly entries: number;
  readonly pages: number;
};

const CACHED_PAGES = 4;

/** Reads a digest file by binary search; a few pages are in memory. Every page is checked when it is read. */
export class DigestReader implements AsyncDisposable {
  readonly #file: DigestFile;
  readonly #handle: FileHandle;
  readonly #id: Uint8Array;
  readonly #blake3: Blake3;
  readonly #cache = new Map<number, DigestPage>();
  #page = 1;
  #gap = { from: 0, to: 0 };

  private constructor(file: DigestFile, handle: FileHandle, blake3: Blake3) {
    this.#file = file;
    this.#handle = handle;
    this.#id = Buffer.from(file.id, 'hex');
    this.#blake3 = blake3;
  }

  /** Opens and checks the head of the file. Rejects with `CORRUPT` or `NOT_FOUND` naming the file. */
  static async open(file: DigestFile, fileSystem: FileSystem, blake3: Blake3): Promise<DigestReader> {
    const handle = await fileSystem.open(file.path, 'read');
    const reader = new DigestReader(file, handle, blake3);
    try {
      await reader.#checkHead();
      return reader;
    } catch (error) {
      await handle[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * The entry that covers `cluster`, if there is one, and the cluster up to which the answer holds. Fast when clusters
   * ascend.
   */
  async find(cluster: number): Promise<{ readonly entry?: DigestEntry; readonly end: number }> {
    if (cluster >= this.#gap.from && cluster < this.#gap.to) return { end: this.#gap.to };
    const number = await this.#pageOf(cluster);
    const page = number === 0 ? undefined : await this.#read(number);
    this.#page = Math.max(1, number);
    const index = page?.lastAtOrBefore(cluster) ?? -1;
    const entry = index < 0 ? undefined : page?.entryAt(index);
    if (entry !== undefined && cluster < entry.cluster + entry.count) {
      return { entry, end: entry.cluster + entry.count };
    }
    this.#gap = { from: cluster, to: await this.#nextAfter(number, page, index) };
    return { end: this.#gap.to };
  }

  /** All entries, ascending. Rejects with `CORRUPT` when they are not, or are not as many as the sidecar says. */
  async *entries(): AsyncGenerator<DigestEntry> {
    let end = 0;
    let count = 0;
    for (let number = 1; number <= this.#file.pages; number += 1) {
      const page = await this.#read(number);
      for (let index = 0; index < page.count; index += 1) {
        const entry = page.entryAt(index);
        if (entry.cluster < end) throw this.#damaged('has entries out of order');
        end = entry.cluster + entry.count;
        count += 1;
        yield entry;
      }
    }
    if (count !== this.#file.entries) throw this.#damaged(`has ${count} entries, not ${this.#file.entries}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle[Symbol.asyncDispose]();
  }

  async #checkHead(): Promise<void> {
    const { sizeBytes, path, pages } = this.#file;
    const expected = (pages + 1) * PAGE_BYTES;
    const actual = await this.#handle.size();
    if (actual !== expected) throw this.#damaged(`has ${actual} bytes, not ${expected}`);
    checkHeaderPage(await this.#readPage(0), { sizeBytes, id: this.#id }, path, this.#blake3);
  }

  /** The last page that begins at or before `cluster`; 0 when all begin after it. */
  async #pageOf(cluster: number): Promise<number> {
    const { pages } = this.#file;
    if (pages === 0) return 0;
    let low = 0;
    let high = pages;
    if ((await this.#first(this.#page)) <= cluster) {
      low = this.#page;
      if (low === pages || (await this.#first(low + 1)) > cluster) return low;
      low += 1;
      if (low === pages || (await this.#first(low + 1)) > cluster) return low;
    } else {
      high = this.#page - 1;
    }
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((await this.#first(middle)) <= cluster) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The first cluster of the entry after entry `index` of page `number`. */
  async #nextAfter(number: number, page: DigestPage | undefined, index: number): Promise<number> {
    if (page !== undefined && index + 1 < page.count) return page.clusterAt(index + 1);
    return number < this.#file.pages ? await this.#first(number + 1) : Number.MAX_SAFE_INTEGER;
  }

  async #first(number: number): Promise<number> {
    return (await this.#read(number)).clusterAt(0);
  }

  async #read(number: number): Promise<DigestPage> {
    const known = this.#cache.get(number);
    if (known !== undefined) return known;
    const bytes = await this.#readPage(number);
    const page = DigestPage.parse(bytes, this.#id, number, this.#file.path, this.#blake3);
    this.#cache.set(number, page);
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= CACHED_PAGES) break;
      this.#cache.delete(oldest);
    }
    return page;
  }

  async #readPage(number: number): Promise<Uint8Array> {
    const page = new Uint8Array(PAGE_BYTES);
    const count = await this.#handle.read(page, number * PAGE_BYTES);
    if (count !== PAGE_BYTES) throw this.#damaged('is too short');
    return page;
  }

  #damaged(what: string): SendenseError {
    return new SendenseError('CORRUPT', `${this.#file.path} ${what}`, {
      operation: 'read-digests',
      remedy: 'restore the file from a copy of the repository',
      context: { path: this.#file.path },
    });
  }
}
