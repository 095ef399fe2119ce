/** Zero runs found by a transfer, packed `[move, start in the move, length]`; runs that touch are joined. */
export class ZeroList {
  readonly #slots: number[] = [];

  add(move: number, start: number, length: number): void {
    const last = this.#slots.length - 3;
    const joins =
      last >= 0 &&
      this.#slots[last] === move &&
      (this.#slots[last + 1] ?? 0) + (this.#slots[last + 2] ?? 0) === start;
    if (joins) this.#slots[last + 2] = (this.#slots[last + 2] ?? 0) + length;
    else this.#slots.push(move, start, length);
  }

  packed(): Float64Array {
    return Float64Array.from(this.#slots);
  }
}
