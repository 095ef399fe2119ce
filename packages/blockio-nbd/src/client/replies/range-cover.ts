/** Notes which parts of a range were given, in any order, and finds overlaps. */
export class RangeCover {
  /** `[start, end, start, end …]`, ascending, never touching. */
  readonly #edges: number[] = [];

  /** `false` when the part overlaps an earlier one; it is not noted then. */
  add(offset: number, length: number): boolean {
    const end = offset + length;
    const at = this.#slot(offset);
    const before = this.#edges[at - 1] ?? Number.NEGATIVE_INFINITY;
    const after = this.#edges[at] ?? Number.POSITIVE_INFINITY;
    if (before > offset || after < end) return false;
    const from = before === offset ? at - 1 : at;
    const to = after === end ? at + 1 : at;
    const edges = [...(before === offset ? [] : [offset]), ...(after === end ? [] : [end])];
    this.#edges.splice(from, to - from, ...edges);
    return true;
  }

  /** Whether the parts are exactly this range. */
  isExactly(offset: number, length: number): boolean {
    return this.#edges.length === 2 && this.#edges[0] === offset && this.#edges[1] === offset + length;
  }

  /** Index of the first start that is not before `offset`; parts mostly come ascending, so the end is looked at first. */
  #slot(offset: number): number {
    const last = this.#edges.length - 2;
    if (last < 0 || (this.#edges[last] ?? 0) < offset) return this.#edges.length;
    let low = 0;
    let high = last / 2;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#edges[middle * 2] ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return low * 2;
  }
}
