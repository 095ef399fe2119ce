const PAGE_BITS = 32_768;
const PAGE_BYTES = PAGE_BITS / 8;
const FULL_BYTE = 0xff;
/** The page of all sets where each number of it was seen; nothing in it changes any more. */
const FULL_PAGE = new Uint8Array(PAGE_BYTES).fill(FULL_BYTE);

/** Numbers that were seen: a bit each, in pages of 4 KiB that come with the first number of theirs; those that a range fills take none. */
export class NumberSet {
  readonly #pages = new Map<number, Uint8Array>();

  /** Whether a number was taken in. */
  has(value: number): boolean {
    const page = this.#pages.get(Math.floor(value / PAGE_BITS));
    const bit = value % PAGE_BITS;
    return page !== undefined && ((page[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }

  /** Takes in a whole number from 0 on; whether it is new. */
  add(value: number): boolean {
    const index = Math.floor(value / PAGE_BITS);
    let page = this.#pages.get(index);
    if (page === undefined) {
      page = new Uint8Array(PAGE_BYTES);
      this.#pages.set(index, page);
    }
    const bit = value % PAGE_BITS;
    const mask = 1 << (bit & 7);
    const old = page[bit >> 3] ?? 0;
    if ((old & mask) !== 0) return false;
    page[bit >> 3] = old | mask;
    return true;
  }

  /** Takes in `count` numbers from `first` on; whether all of them are new. It ends at the first that is not. */
  addRange(first: number, count: number): boolean {
    const end = first + count;
    for (let from = first; from < end; ) {
      const pageEnd = (Math.floor(from / PAGE_BITS) + 1) * PAGE_BITS;
      const to = Math.min(end, pageEnd);
      if (!this.#addInPage(from, to)) return false;
      from = to;
    }
    return true;
  }

  /** The same for numbers of one page. */
  #addInPage(first: number, end: number): boolean {
    const index = Math.floor(first / PAGE_BITS);
    if (end - first === PAGE_BITS && !this.#pages.has(index)) {
      this.#pages.set(index, FULL_PAGE);
      return true;
    }
    for (let value = first; value < end; ) {
      const page = this.#pages.get(index);
      const at = (value % PAGE_BITS) >> 3;
      if (page?.[at] === 0 && value % 8 === 0 && end - value >= 8) {
        page[at] = FULL_BYTE;
        value += 8;
      } else if (this.add(value)) value += 1;
      else return false;
    }
    return true;
  }
}
