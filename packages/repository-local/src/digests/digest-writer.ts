import type { Blake3 } from '@sendense/plugin-kit/digest';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { DigestPageBuilder, ENTRIES_PER_PAGE, PAGE_BYTES, serializeHeaderPage } from './digest-page.ts';

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
  readonly #page: DigestPageBuilder;
  #pages = 0;
  #entries = 0;
  #flushed = false;

  constructor(options: DigestWriterOptions) {
    this.#options = options;
    this.#page = new DigestPageBuilder(options.id, options.blake3);
  }

  /** Entries written so far. */
  get entries(): number {
    return this.#entries;
  }

  /** Pages with entries, as of the last flush. */
  get pages(): number {
    return this.#pages + (this.#page.count > 0 ? 1 : 0);
  }

  /** Adds the digest of a cluster. */
  async addData(cluster: number, digest: Uint8Array): Promise<void> {
    this.#flushed = false;
    if (this.#page.count === ENTRIES_PER_PAGE) await this.#nextPage();
    this.#page.addData(cluster, digest);
    this.#entries += 1;
  }

  /** Adds clusters that were made zero; a run that continues the last one becomes one with it. */
  async addZeros(cluster: number, count: number): Promise<void> {
    this.#flushed = false;
    if (this.#page.extendZeros(cluster, count)) return;
    if (this.#page.count === ENTRIES_PER_PAGE) await this.#nextPage();
    this.#page.addZeros(cluster, count);
    this.#entries += 1;
  }

  /** Leaves a complete, durable file; more entries may follow. */
  async flush(): Promise<void> {
    if (this.#flushed) return;
    const { handle, sizeBytes, id, blake3 } = this.#options;
    if (this.#page.count > 0) await this.#writePage();
    await handle.write(serializeHeaderPage({ sizeBytes, id }, blake3), 0);
    await handle.sync();
    this.#flushed = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.handle[Symbol.asyncDispose]();
  }

  async #nextPage(): Promise<void> {
    await this.#writePage();
    this.#page.clear();
    this.#pages += 1;
  }

  async #writePage(): Promise<void> {
    const number = this.#pages + 1;
    await this.#options.handle.write(this.#page.seal(number), number * PAGE_BYTES);
  }
}
