import { limitConcurrency } from '@sendense/plugin-kit';
import { ID_BYTES } from '../packs/pack-directory.ts';
import { release } from '../store/release.ts';
import { FoundCopies } from './found-copies.ts';
import { pageOf } from './page-of.ts';
import { PageOrder } from './page-order.ts';
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
/** How full a table is that has just grown for what is to be added; what comes later shall not make it grow at once. */
const FIRST_FULL = 0.6;
/** Pages read and written at once by a sweep: 1 MiB. */
const SWEEP_PAGES = 256;
/** No more records are told between two pauses. */
export const SWEEP_RECORDS = SWEEP_PAGES * PAGE_RECORDS;
const KEY_BYTES = ID_BYTES + PACK_ID_BYTES;

/** Is told where a record begins, and its place in the table; the bytes are good until it returns. */
type VisitRecord = (bytes: Buffer, at: number, place: number) => void;

/** Is told the copies of the `index`-th chunk that was asked for; they are good until it returns. */
type VisitCopies = (index: number, copies: FoundCopies) => void;

/** Records added in one pass over the pages that they belong to, 8 MiB. */
export const BATCH_RECORDS = Math.floor((8 * 1024 * 1024) / RECORD_BYTES);

/**
 * The chunks of packs in pages that are ordered by id. Ids are as good as random, so an id tells its page; what does not fit
 * there is in the next. One read finds a chunk, and the memory it takes does not grow with it.
 */
export class ChunkTable implements AsyncDisposable {
  readonly #create: CreateTableStorage;
  /** One after another: a table that grows moves its records. */
  readonly #turn = limitConcurrency(1);
  readonly #order = new PageOrder();
  readonly #copies = new FoundCopies();
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
    await this.#search(id, (bytes, at) => {
      if (found !== undefined) return;
      const place = placeOf(bytes, at);
      if (accept(place)) found = place;
    });
    return found;
  }

  /** All copies of a chunk, with their places in the table. */
  async copiesOf(id: Uint8Array): Promise<readonly { readonly place: number; readonly at: ChunkPlace }[]> {
    const copies: { place: number; at: ChunkPlace }[] = [];
    await this.#search(id, (bytes, at, place) => {
      copies.push({ place, at: placeOf(bytes, at) });
    });
    return copies;
  }

  /**
   * Tells of each of many ids, 32 bytes each and back to back, its copies; in the order of the places, so that one pass over
   * the pages does. `index` is that of the id among those given.
   */
  visitCopies(ids: Buffer, visit: VisitCopies): Promise<void> {
    return this.#turn(() => this.#visitCopies(ids, visit));
  }

  /** Tells each record. Once in a while `pause` is awaited. */
  eachRecord(visit: VisitRecord, pause: () => Promise<void>): Promise<void> {
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
    return this.#turn(async () => {
      release(this.#window);
      await this.#storage[Symbol.asyncDispose]();
    });
  }

  #search(id: Uint8Array, visit: VisitRecord): Promise<void> {
    return this.#turn(() => this.#searchPages(Buffer.from(id.buffer, id.byteOffset, ID_BYTES), visit));
  }

  async #searchPages(id: Buffer, visit: VisitRecord): Promise<void> {
    const last = this.#pages + SPARE_PAGES;
    for (let page = pageOf(id, this.#pages); page < last; page += 1) {
      const pages = await this.#read(page, 1);
      for (
        let slot = pages.find(0, id, 0, ID_BYTES);
        slot >= 0;
        slot = pages.find(0, id, 0, ID_BYTES, slot + 1)
      )
        visit(pages.bytes, pages.offsetOf(0, slot), page * PAGE_RECORDS + slot);
      if (pages.count(0) < PAGE_RECORDS) return;
    }
  }

  async #eachRecord(visit: VisitRecord, pause: () => Promise<void>): Promise<void> {
    for (let first = 0; first < this.#pages + SPARE_PAGES; first += SWEEP_PAGES) {
      const pages = await this.#read(first, SWEEP_PAGES);
      for (let page = 0; page < pages.length; page += 1)
        for (let slot = 0; slot < pages.count(page); slot += 1)
          visit(pages.bytes, pages.offsetOf(page, slot), (first + page) * PAGE_RECORDS + slot);
      await pause();
    }
  }

  async #visitCopies(ids: Buffer, visit: VisitCopies): Promise<void> {
    const [order, copies] = [this.#order, this.#copies];
    order.sort(ids, this.#pages, ID_BYTES);
    const last = this.#pages + SPARE_PAGES;
    let first = 0;
    let pages = new TablePages(Buffer.alloc(0));
    for (let next = 0; next < order.count; next += 1) {
      copies.clear();
      for (let page = order.pageAt(next); page < last; page += 1) {
        if (page < first || page >= first + pages.length) {
          first = page;
          pages = await this.#read(page, order.isSparse ? 1 : SWEEP_PAGES);
        }
        collectCopies(pages, page, first, ids, order.offsetAt(next), copies);
        if (pages.count(page - first) < PAGE_RECORDS) break;
      }
      visit(order.indexAt(next), copies);
    }
  }

  async #addBatch(records: Buffer): Promise<void> {
    const more = records.byteLength / RECORD_BYTES;
    while (this.#count + more > this.#pages * PAGE_RECORDS * MOST_FULL) await this.#grow(this.#count + more);
    while (!(await this.#merge(records))) await this.#grow(this.#pages * PAGE_RECORDS);
  }

  /** Puts records in by one pass over the pages that they belong to; `false` when the end is full. */
  async #merge(records: Buffer): Promise<boolean> {
    const order = this.#order;
    order.sort(records, this.#pages, RECORD_BYTES);
    const last = this.#pages + SPARE_PAGES;
    let carried: Buffer[] = [];
    let next = 0;
    for (let first = order.pageAt(0); first < last && (next < order.count || carried.length > 0); ) {
      const pages = await this.#read(first, order.isSparse ? 1 : SWEEP_PAGES);
      const waiting = carried;
      carried = [];
      for (const record of waiting) if (!this.#place(pages, 0, record, 0)) carried.push(record);
      for (; next < order.count && order.pageAt(next) < first + pages.length; next += 1) {
        const at = order.offsetAt(next);
        if (!this.#place(pages, order.pageAt(next) - first, records, at))
          carried.push(Buffer.from(records.subarray(at, at + RECORD_BYTES)));
      }
      await this.#storage.write(pages.bytes, first * PAGE_BYTES);
      first += pages.length;
      if (carried.length === 0 && next < order.count) first = Math.max(first, order.pageAt(next));
    }
    return carried.length === 0;
  }

  /** Puts a record into the first of some pages from `page` on that has room, unless one before holds it; `false` when none has. */
  #place(pages: TablePages, page: number, records: Buffer, at: number): boolean {
    for (let into = page; into < pages.length; into += 1) {
      if (pages.find(into, records, at, KEY_BYTES) >= 0) return true;
      if (!pages.add(into, records, at)) continue;
      this.#count += 1;
      return true;
    }
    return false;
  }

  /** The same records in a table for at least `records`. */
  async #grow(records: number): Promise<void> {
    const pages = Math.max(this.#pages * 2, Math.ceil(records / (PAGE_RECORDS * FIRST_FULL)));
    const larger = await ChunkTable.open(this.#create, pages);
    try {
      const batch = Buffer.allocUnsafeSlow(SWEEP_RECORDS * RECORD_BYTES);
      let bytes = 0;
      await this.#eachRecord(
        (from, at) => {
          bytes += from.copy(batch, bytes, at, at + RECORD_BYTES);
        },
        async () => {
          if (bytes > 0) await larger.#addBatch(batch.subarray(0, bytes));
          bytes = 0;
        },
      );
    } catch (error) {
      await larger[Symbol.asyncDispose]();
      throw error;
    }
    release(larger.#window);
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

/** Adds the records of page `page` of a table that have the id at `at`; `first` is the first page of those that are here. */
function collectCopies(
  pages: TablePages,
  page: number,
  first: number,
  ids: Buffer,
  at: number,
  copies: FoundCopies,
): void {
  const here = page - first;
  for (
    let slot = pages.find(here, ids, at, ID_BYTES);
    slot >= 0;
    slot = pages.find(here, ids, at, ID_BYTES, slot + 1)
  )
    copies.add(pages.bytes, pages.offsetOf(here, slot), page * PAGE_RECORDS + slot);
}
