const PAGE_BITS = 32_768;

/** Numbers that were seen: a bit each, in pages of 4 KiB that come with the first number of theirs. */
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
      page = new Uint8Array(PAGE_BITS / 8);
      this.#pages.set(index, page);
    }
    const bit = value % PAGE_BITS;
    const mask = 1 << (bit & 7);
    const old = page[bit >> 3] ?? 0;
    page[bit >> 3] = old | mask;
    return (old & mask) === 0;
  }

  /** Takes in `count` numbers from `first` on; whether all of them are new. It ends at the first that is not. */
  addRange(first: number, count: number): boolean {
    for (let value = first; value < first + count; value += 1) if (!this.add(value)) return false;
    return true;
  }
}
