import { pageAtOffset } from './page-of.ts';
import { RECORD_BYTES } from './table-page.ts';

/** Fewer records than this are sorted by comparing: counting takes a number for each page. */
const FEW = 1024;
/** With fewer records than one in so many pages, single pages are read. */
const SPARSE_PAGES = 16;

/** Records in the order of the pages that they belong to. */
export type SortedRecords = {
  readonly count: number;
  /** So few that most pages between them stay as they are. */
  readonly isSparse: boolean;
  /** Which of the input the `index`-th is. */
  indexAt(index: number): number;
  /** The page of the `index`-th. */
  pageAt(index: number): number;
  /** The `index`-th; its bytes are those of the input. */
  record(index: number): Buffer;
};

/** Sorts records, or whatever else begins with an id, that lie back to back, `stride` bytes each. */
export function sortByPage(records: Buffer, pages: number, stride = RECORD_BYTES): SortedRecords {
  const count = records.byteLength / stride;
  const page = new Uint32Array(count);
  for (let index = 0; index < count; index += 1) page[index] = pageAtOffset(records, index * stride, pages);
  const order = count < FEW ? byComparing(page) : byCounting(page, pages);
  return {
    count,
    isSparse: count * SPARSE_PAGES < pages,
    indexAt: (index) => order[index] ?? 0,
    pageAt: (index) => page[order[index] ?? 0] ?? 0,
    record(index) {
      const at = (order[index] ?? 0) * stride;
      return records.subarray(at, at + stride);
    },
  };
}

function byComparing(page: Uint32Array): Uint32Array {
  return Uint32Array.from(page.keys()).sort((a, b) => (page[a] ?? 0) - (page[b] ?? 0));
}

function byCounting(page: Uint32Array, pages: number): Uint32Array {
  const starts = new Uint32Array(pages + 1);
  for (const each of page) starts[each + 1] = (starts[each + 1] ?? 0) + 1;
  for (let each = 0; each < pages; each += 1)
    starts[each + 1] = (starts[each + 1] ?? 0) + (starts[each] ?? 0);
  const order = new Uint32Array(page.length);
  for (const [index, each] of page.entries()) {
    const at = starts[each] ?? 0;
    order[at] = index;
    starts[each] = at + 1;
  }
  return order;
}
