import { pageAtOffset } from './page-of.ts';

/** With fewer records than one in so many pages, single pages are read. */
const SPARSE_PAGES = 16;
/** Pages are counted in at most so many groups, however many they are. */
const MOST_GROUPS = 65_536;
const NONE = new Uint32Array();

/** Puts records in the order of the pages that they belong to. Its memory is used for one batch after another. */
export class PageOrder {
  #page = NONE;
  #order = NONE;
  #starts = NONE;
  #stride = 0;
  #pages = 0;
  #count = 0;

  /** Sorts records, or whatever else begins with an id, that lie back to back, `stride` bytes each. */
  sort(records: Buffer, pages: number, stride: number): void {
    this.#stride = stride;
    this.#pages = pages;
    this.#count = records.byteLength / stride;
    if (this.#page.length < this.#count) {
      this.#page = new Uint32Array(this.#count);
      this.#order = new Uint32Array(this.#count);
    }
    let [low, high] = [pages, 0];
    for (let index = 0; index < this.#count; index += 1) {
      const page = pageAtOffset(records, index * stride, pages);
      this.#page[index] = page;
      low = Math.min(low, page);
      high = Math.max(high, page);
    }
    if (this.#count > 0) this.#sortPages(low, high);
  }

  /** Records. */
  get count(): number {
    return this.#count;
  }

  /** So few that most pages between them stay as they are. */
  get isSparse(): boolean {
    return this.#count * SPARSE_PAGES < this.#pages;
  }

  /** Which of the input the `index`-th is. */
  indexAt(index: number): number {
    return this.#order[index] ?? 0;
  }

  /** The page of the `index`-th. */
  pageAt(index: number): number {
    return this.#page[this.indexAt(index)] ?? 0;
  }

  /** Where the `index`-th begins in the input. */
  offsetAt(index: number): number {
    return this.indexAt(index) * this.#stride;
  }

  /** By counting in groups of neighbouring pages, then by insertion within each: groups are small where pages are many. */
  #sortPages(low: number, high: number): void {
    const span = Math.ceil((high - low + 1) / MOST_GROUPS);
    const groups = Math.floor((high - low) / span) + 1;
    if (this.#starts.length <= groups) this.#starts = new Uint32Array(groups + 1);
    const starts = this.#starts.fill(0, 0, groups + 1);
    const groupOf = (index: number) => Math.floor(((this.#page[index] ?? 0) - low) / span);
    for (let index = 0; index < this.#count; index += 1) {
      const group = groupOf(index);
      starts[group + 1] = (starts[group + 1] ?? 0) + 1;
    }
    for (let group = 0; group < groups; group += 1)
      starts[group + 1] = (starts[group + 1] ?? 0) + (starts[group] ?? 0);
    for (let index = 0; index < this.#count; index += 1) {
      const group = groupOf(index);
      const at = starts[group] ?? 0;
      this.#order[at] = index;
      starts[group] = at + 1;
    }
    if (span > 1) for (let index = 1; index < this.#count; index += 1) this.#insert(index);
  }

  #insert(index: number): void {
    const record = this.indexAt(index);
    const page = this.#page[record] ?? 0;
    let at = index;
    for (; at > 0 && this.pageAt(at - 1) > page; at -= 1) this.#order[at] = this.indexAt(at - 1);
    this.#order[at] = record;
  }
}
