import { LOG_SECTOR_BYTES, type LogChange } from './log-entry.ts';

type DataChange = Extract<LogChange, { kind: 'data' }>;

/** What a log changes in a file, by sector: the last change of each. */
export class LogChanges {
  readonly #data = new Map<number, DataChange>();
  /** Ascending, and apart from each other. */
  readonly #zeros: { start: number; end: number }[] = [];
  #pending: LogChange[] = [];

  /** Applies one more change, after all that were added before. */
  add(change: LogChange): void {
    this.#pending.push(change);
  }

  /** Finds out what counts, from the last change back. Call it once, after the last of them. */
  seal(): void {
    for (const change of this.#pending.toReversed()) {
      if (change.kind === 'zero') this.#cover(change.offset, change.offset + change.length);
      else if (this.at(change.offset) === undefined) this.#data.set(change.offset, change);
    }
    this.#pending = [];
  }

  /** What the sector at `offset`, a multiple of its size, has become; `undefined` when it was not changed. */
  at(offset: number): DataChange | 'zero' | undefined {
    return this.#data.get(offset) ?? (this.#zeroAt(offset) ? 'zero' : undefined);
  }

  /** Whether any sector of a range was changed. */
  touches(start: number, end: number): boolean {
    for (let at = start - (start % LOG_SECTOR_BYTES); at < end; at += LOG_SECTOR_BYTES)
      if (this.at(at) !== undefined) return true;
    return false;
  }

  #zeroAt(offset: number): boolean {
    return (this.#zeros[this.#firstEndingAfter(offset)]?.start ?? Infinity) <= offset;
  }

  #firstEndingAfter(offset: number): number {
    let low = 0;
    let high = this.#zeros.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#zeros[middle]?.end ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #cover(start: number, end: number): void {
    const first = this.#firstEndingAfter(start - 1);
    const joined = { start, end };
    let next = first;
    for (let zero = this.#zeros[next]; zero !== undefined && zero.start <= end; zero = this.#zeros[next]) {
      joined.start = Math.min(joined.start, zero.start);
      joined.end = Math.max(joined.end, zero.end);
      next += 1;
    }
    this.#zeros.splice(first, next - first, joined);
  }
}
