import type { BlockEndpoint } from '@sendense/core';

/** Data gathered before it is moved: long enough that starting a transfer costs nothing, short enough to report. */
const BATCH_BYTES = 256 * 1024 * 1024;
/** Stretches gathered at most, however small they are. */
const BATCH_ITEMS = 8192;

/** A stretch of the disk and how its bytes get to the image: by a driver, as zeros, or through the loop. */
export type CopyItem = { readonly offset: number; readonly length: number } & (
  | { readonly kind: 'data'; readonly from: BlockEndpoint; readonly source: number }
  | { readonly kind: 'zero' | 'loop' }
);

/** Stretches of a disk, ascending, that wait to be copied. */
export class CopyItems {
  readonly #items: CopyItem[] = [];
  #bytes = 0;

  get isFull(): boolean {
    return this.#bytes >= BATCH_BYTES || this.#items.length >= BATCH_ITEMS;
  }

  /** Bytes that can be added before it is full; at least one cluster while it is not. */
  get room(): number {
    return BATCH_BYTES - this.#bytes;
  }

  /** Bytes at the front that a driver can move, up to the first stretch for the loop. */
  get waiting(): number {
    let bytes = 0;
    for (const { kind, length } of this.#items) {
      if (kind === 'loop') break;
      if (kind === 'data') bytes += length;
    }
    return bytes;
  }

  get first(): CopyItem | undefined {
    return this.#items[0];
  }

  add(item: CopyItem): void {
    if (item.kind !== 'zero') this.#bytes += item.length;
    const last = this.#items.at(-1);
    const joined = last && joinItems(last, item);
    if (joined) this.#items[this.#items.length - 1] = joined;
    else this.#items.push(item);
  }

  /**
   * Takes what lies at the front as one kind asks for, up to `end`: whole items, and the beginning of the data that is too
   * long. Zeros are never cut, as a writer may have one table for all of them.
   */
  take(isWanted: (item: CopyItem) => boolean, end: number, dataBytes: number): readonly CopyItem[] {
    const taken: CopyItem[] = [];
    let left = dataBytes;
    let whole = 0;
    for (const item of this.#items) {
      const fits = Math.min(item.length, end - item.offset, item.kind === 'zero' ? Infinity : left);
      if (!isWanted(item) || fits <= 0 || (item.kind === 'zero' && fits < item.length)) break;
      taken.push({ ...item, length: fits });
      if (item.kind !== 'zero') left -= fits;
      if (fits < item.length) break;
      whole += 1;
    }
    this.#remove(taken, whole);
    return taken;
  }

  #remove(taken: readonly CopyItem[], whole: number): void {
    for (const { kind, length } of taken) if (kind !== 'zero') this.#bytes -= length;
    const [cut] = this.#items.slice(whole, taken.length);
    const part = taken[whole];
    this.#items.splice(0, taken.length);
    if (cut !== undefined && part !== undefined) this.#items.unshift(without(cut, part.length));
  }
}

function without(item: CopyItem, length: number): CopyItem {
  const rest = { offset: item.offset + length, length: item.length - length };
  return item.kind === 'data' ? { ...item, ...rest, source: item.source + length } : { ...item, ...rest };
}

function joinItems(left: CopyItem, right: CopyItem): CopyItem | undefined {
  const length = left.length + right.length;
  if (left.offset + left.length !== right.offset) return undefined;
  if (left.kind !== 'data' || right.kind !== 'data')
    return left.kind === right.kind ? { ...left, length } : undefined;
  const follows = left.from === right.from && left.source + left.length === right.source;
  return follows ? { ...left, length } : undefined;
}
