import { limitConcurrency } from '@sendense/plugin-kit';
import { ID_BYTES } from '../packs/pack-directory.ts';
import { pageOf } from './page-of.ts';
import { sortByPage } from './sort-records.ts';
import {
  type ChunkPlace,
  PACK_ID_BYTES,
  PAGE_BYTES,
  PAGE_RECORDS,
  placeOf,
  RECORD_BYTES,
  TablePages,
} from './table-page.ts';
import type { CreateTableStorage, TableStorage } from './table-storage.ts';

const FIRST_PAGES = 16;
/** Pages behind the last one, for what does not fit there. */
const SPARE_PAGES = 64;
/** Beyond it pages overflow often. */
const MOST_FULL = 0.7;
/** Pages read and written at once by a sweep: 1 MiB. */
const SWEEP_PAGES = 256;
/** A copy of a chunk: its place in the table, and its record, which {@link placeOf} reads. */
export type TableCopy = { readonly place: number; readonly record: Buffer };

/** Records sorted at once, 32 MiB: each batch is a pass over the whole table. */
export const BATCH_RECORDS = Math.floor((32 * 1024 * 1024) / RECORD_BYTES);

/**
 * The chunks of packs in pages that are ordered by id. Ids are as good as random, so an id tells its page; what does not fit
 * there is in the next. One read finds a chunk, and the memory it takes does not grow with it.
 */
export class ChunkTable implements AsyncDisposable {
  readonly #create: CreateTableStorage;
  /** One after another: a table that grows moves its records. */
  readonly #turn = limitConcurrency(1);
  #window = Buffer.alloc(0);
  #storage: TableStorage;
  #pages: number;
  #count = 0;

  private constructor(create: CreateTableStorage, storage: TableStorage, pages: number) {
    this.#create = create;
    this.#storage = storage;
    this.#pages = pages;
  }

  /** An empty table. */
  static async open(create: CreateTableStorage, pages = FIRST_PAGES): Promise<ChunkTable> {
    return new ChunkTable(create, await create((pages + SPARE_PAGES) * PAGE_BYTES), pages);
  }

  /** Records in it. */
  get count(): number {
    return this.#count;
  }

  /** How many places there are; each record has one below it, the same until records are added. */
  get places(): number {
    return (this.#pages + SPARE_PAGES) * PAGE_RECORDS;
  }

  /** Where a chunk lies, of several copies the first that `accept` takes. */
  async find(
    id: Uint8Array,
    accept: (place: ChunkPlace) => boolean = () => true,
  ): Promise<ChunkPlace | undefined> {
    let found: ChunkPlace | undefined;
    await this.#search(id, (record) => {
      const place = placeOf(record);
      if (accept(place)) found = place;
      return found !== undefined;
    });
    return found;
  }

  /** All copies of a chunk, with their places in the table. */
  async copiesOf(id: Uint8Array): Promise<readonly { readonly place: number; readonly at: ChunkPlace }[]> {
    const copies: { place: number; at: ChunkPlace }[] = [];
    await this.#search(id, (record, place) => {
      copies.push({ place, at: placeOf(record) });
      return false;
    });
    return copies;
  }

  /**
   * Tells of each of many ids, 32 bytes each and back to back, its copies; in the order of the places, so that one pass over
   * the pages does. `index` is that of the id among those given.
   */
  visitCopies(ids: Buffer, visit: (index: number, copies: readonly TableCopy[]) => void): Promise<void> {
    return this.#turn(() => this.#visitCopies(ids, visit));
  }

  /** Tells each record and its place. Once in a while `pause` is awaited; until it resolves the bytes are good. */
  eachRecord(visit: (record: Buffer, place: number) => void, pause: () => Promise<void>): Promise<void> {
    return this.#turn(() => this.#eachRecord(visit, pause));
  }

  /** Makes room for so many more records at once. */
  reserve(more: number): Promise<void> {
    return this.#turn(async () => {
      if (this.#count + more > this.#pages * PAGE_RECORDS * MOST_FULL) await this.#grow(this.#count + more);
    });
  }

  /** Adds records that lie back to back. One that its page holds already is left out. */
  add(records: Buffer): Promise<void> {
    return this.#turn(async () => {
      for (let at = 0; at < records.byteLength; at += BATCH_RECORDS * RECORD_BYTES)
        await this.#addBatch(records.subarray(at, at + BATCH_RECORDS * RECORD_BYTES));
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#turn(async () => this.#storage[Symbol.asyncDispose]());
  }

  #search(id: Uint8Array, visit: (record: Buffer, place: number) => boolean): Promise<void> {
    return this.#turn(() => this.#searchPages(id, visit));
  }

  async #searchPages(id: Uint8Array, visit: (record: Buffer, place: number) => boolean): Promise<void> {
    const last = this.#pages + SPARE_PAGES;
    for (let page = pageOf(id, this.#pages); page < last; page += 1) {
      const pages = await this.#read(page, 1);
      for (let slot = pages.find(0, id); slot >= 0; slot = pages.find(0, id, slot + 1))
        if (visit(pages.record(0, slot), page * PAGE_RECORDS + slot)) return;
      if (pages.count(0) < PAGE_RECORDS) return;
    }
  }

  async #eachRecord(
    visit: (record: Buffer, place: number) => void,
    pause: () => Promise<void>,
  ): Promise<void> {
    for (let first = 0; first < this.#pages + SPARE_PAGES; first += SWEEP_PAGES) {
      const pages = await this.#read(first, SWEEP_PAGES);
      for (let page = 0; page < pages.length; page += 1)
        for (let slot = 0; slot < pages.count(page); slot += 1)
          visit(pages.record(page, slot), (first + page) * PAGE_RECORDS + slot);
      await pause();
    }
  }

  async #visitCopies(
    ids: Buffer,
    visit: (index: number, copies: readonly TableCopy[]) => void,
  ): Promise<void> {
    const sorted = sortByPage(ids, this.#pages, ID_BYTES);
    const last = this.#pages + SPARE_PAGES;
    let first = 0;
    let pages = new TablePages(Buffer.alloc(0));
    for (let next = 0; next < sorted.count; next += 1) {
      const id = sorted.record(next);
      let copies: TableCopy[] = [];
      for (let page = sorted.pageAt(next); page < last; page += 1) {
        if (page < first || page >= first + pages.length) {
          first = page;
          copies = copies.map(({ place, record }) => ({ place, record: Buffer.from(record) }));
          pages = await this.#read(page, sorted.isSparse ? 1 : SWEEP_PAGES);
        }
        for (
          let slot = pages.find(page - first, id);
          slot >= 0;
          slot = pages.find(page - first, id, slot + 1)
        )
          copies.push({ place: page * PAGE_RECORDS + slot, record: pages.record(page - first, slot) });
        if (pages.count(page - first) < PAGE_RECORDS) break;
      }
      visit(sorted.indexAt(next), copies);
    }
  }

  async #addBatch(records: Buffer): Promise<void> {
    const more = records.byteLength / RECORD_BYTES;
    while (this.#count + more > this.#pages * PAGE_RECORDS * MOST_FULL) await this.#grow(this.#count + more);
    while (!(await this.#merge(records))) await this.#grow(this.#pages * PAGE_RECORDS);
  }

  /** Puts records in by one pass over the pages that they belong to; `false` when the end is full. */
  async #merge(records: Buffer): Promise<boolean> {
    const sorted = sortByPage(records, this.#pages);
    const last = this.#pages + SPARE_PAGES;
    let carried: Buffer[] = [];
    let next = 0;
    for (let first = sorted.pageAt(0); first < last && (next < sorted.count || carried.length > 0); ) {
      const length = sorted.isSparse ? 1 : SWEEP_PAGES;
      const pages = await this.#read(first, length);
      const read = pages.length;
      for (let page = 0; page < read; page += 1) {
        const waiting = carried;
        carried = [];
        for (; next < sorted.count && sorted.pageAt(next) === first + page; next += 1)
          waiting.push(sorted.record(next));
        for (const record of waiting) this.#place(pages, page, record, carried);
      }
      await this.#storage.write(pages.bytes, first * PAGE_BYTES);
      first += read;
      if (carried.length === 0 && next < sorted.count) first = Math.max(first, sorted.pageAt(next));
    }
    return carried.length === 0;
  }

  #place(pages: TablePages, page: number, record: Buffer, carried: Buffer[]): void {
    if (pages.find(page, record.subarray(0, ID_BYTES + PACK_ID_BYTES)) >= 0) return;
    if (pages.add(page, record)) this.#count += 1;
    else carried.push(record);
  }

  /** The same records in a table for at least `records`. */
  async #grow(records: number): Promise<void> {
    let pages = this.#pages * 2;
    while (records > pages * PAGE_RECORDS * MOST_FULL) pages *= 2;
    const larger = await ChunkTable.open(this.#create, pages);
    try {
      let batch: Buffer[] = [];
      await this.#eachRecord(
        (record) => batch.push(record),
        async () => {
          if (batch.length > 0) await larger.#addBatch(Buffer.concat(batch));
          batch = [];
        },
      );
    } catch (error) {
      await larger[Symbol.asyncDispose]();
      throw error;
    }
    const old = this.#storage;
    this.#storage = larger.#storage;
    this.#pages = larger.#pages;
    this.#count = larger.#count;
    await old[Symbol.asyncDispose]();
  }

  /** Pages, good until the next read: one at a time uses the table, and new memory for each would be much. */
  async #read(first: number, length: number): Promise<TablePages> {
    const count = Math.min(length, this.#pages + SPARE_PAGES - first);
    if (this.#window.byteLength < count * PAGE_BYTES)
      this.#window = Buffer.allocUnsafeSlow(count * PAGE_BYTES);
    const bytes = this.#window.subarray(0, count * PAGE_BYTES);
    await this.#storage.read(bytes, first * PAGE_BYTES);
    return new TablePages(bytes);
  }
}
