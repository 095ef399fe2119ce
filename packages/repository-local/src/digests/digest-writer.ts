import type { Blake3 } from '@sendense/plugin-kit/digest';
import type { FileHandle } from '@sendense/plugin-kit/files';
import {
  type DigestEntry,
  ENTRIES_PER_PAGE,
  PAGE_BYTES,
  serializeHeaderPage,
  serializePage,
} from './digest-page.ts';

/** What a {@link DigestWriter} is made of; it owns the handle of a new, empty file. */
export type DigestWriterOptions = {
  readonly handle: FileHandle;
  readonly sizeBytes: number;
  readonly id: Uint8Array;
  readonly blake3: Blake3;
};

/** Writes a digest file in one pass: a page at a time is in memory. Entries come ascending. */
export class DigestWriter implements AsyncDisposable {
  readonly #options: DigestWriterOptions;
  #page: DigestEntry[] = [];
  #pages = 0;
  #entries = 0;
  #flushed = false;

  constructor(options: DigestWriterOptions) {
    this.#options = options;
  }

  /** Entries written so far. */
  get entries(): number {
    return this.#entries;
  }

  /** Pages with entries, as of the last flush. */
  get pages(): number {
    return this.#pages + (this.#page.length > 0 ? 1 : 0);
  }

  /** Adds the digest of a cluster. */
  async addData(cluster: number, digest: Uint8Array): Promise<void> {
    await this.#add({ kind: 'data', cluster, count: 1, digest });
  }

  /** Adds clusters that were made zero; a run that continues the last one becomes one with it. */
  async addZeros(cluster: number, count: number): Promise<void> {
    const last = this.#page.at(-1);
    if (last?.kind === 'zero' && last.cluster + last.count === cluster) {
      this.#flushed = false;
      this.#page[this.#page.length - 1] = { ...last, count: last.count + count };
      return;
    }
    await this.#add({ kind: 'zero', cluster, count });
  }

  /** Leaves a complete, durable file; more entries may follow. */
  async flush(): Promise<void> {
    if (this.#flushed) return;
    const { handle, sizeBytes, id, blake3 } = this.#options;
    if (this.#page.length > 0) await this.#writePage();
    await handle.write(serializeHeaderPage({ sizeBytes, id }, blake3), 0);
    await handle.sync();
    this.#flushed = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.handle[Symbol.asyncDispose]();
  }

  async #add(entry: DigestEntry): Promise<void> {
    this.#flushed = false;
    if (this.#page.length === ENTRIES_PER_PAGE) {
      await this.#writePage();
      this.#page = [];
      this.#pages += 1;
    }
    this.#page.push(entry);
    this.#entries += 1;
  }

  async #writePage(): Promise<void> {
    const { handle, id, blake3 } = this.#options;
    const number = this.#pages + 1;
    await handle.write(serializePage(id, number, this.#page, blake3), number * PAGE_BYTES);
  }
}
