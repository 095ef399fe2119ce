import { LOG_SECTOR_BYTES, type LogChange } from './log-entry.ts';

type DataChange = Extract<LogChange, { kind: 'data' }>;

/** What a log changes in a file, by sector: the last change of each. */
export class LogChanges {
  readonly #data = new Map<number, DataChange>();
  #zeros: { start: number; end: number }[] = [];

  /** Applies one more change, after all that were added before. */
  add(change: LogChange): void {
    if (change.kind === 'data') {
      this.#data.set(change.offset, change);
      return;
    }
    const end = change.offset + change.length;
    for (const offset of this.#data.keys())
      if (offset >= change.offset && offset < end) this.#data.delete(offset);
    this.#zeros.push({ start: change.offset, end });
  }

  /** Brings the changes into the order in which they are looked up. Call it once, after the last of them. */
  seal(): void {
    const merged: { start: number; end: number }[] = [];
    for (const zero of this.#zeros.toSorted((a, b) => a.start - b.start)) {
      const last = merged.at(-1);
      if (last !== undefined && zero.start <= last.end) last.end = Math.max(last.end, zero.end);
      else merged.push(zero);
    }
    this.#zeros = merged;
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
    let low = 0;
    let high = this.#zeros.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#zeros[middle]?.end ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return (this.#zeros[low]?.start ?? Infinity) <= offset;
  }
}
