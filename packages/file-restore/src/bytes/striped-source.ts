import type { Call } from '@sendense/core';
import { type ByteSource, readBytes } from './byte-source.ts';
import { checkInside } from './damage.ts';

/** A stripe column: where on a physical volume its bytes begin. */
export type Column = { readonly source: ByteSource; readonly offset: number };

/** A striped segment: stripes go to the columns in turn. Where a byte lies is computed, so the number of stripes costs nothing. */
export class StripedSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #columns: readonly Column[];
  readonly #stripeBytes: number;

  /** `sizeBytes` is a multiple of a stripe of all columns. */
  constructor(columns: readonly Column[], stripeBytes: number, sizeBytes: number) {
    this.#columns = columns;
    this.#stripeBytes = stripeBytes;
    this.sizeBytes = sizeBytes;
  }

  /** What a read needs of one column lies together there: one read each. */
  async read(offset: number, into: Uint8Array, call?: Call): Promise<void> {
    checkInside(offset, into.byteLength, this.sizeBytes);
    if (into.byteLength === 0) return;
    const reads = this.#columns.map((column, index) => this.#readColumn(column, index, offset, into, call));
    const failed = (await Promise.allSettled(reads)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #readColumn(
    { source, offset: begin }: Column,
    index: number,
    offset: number,
    into: Uint8Array,
    call: Call | undefined,
  ): Promise<void> {
    const from = this.#withinColumn(offset, index);
    const to = this.#withinColumn(offset + into.byteLength, index);
    if (to === from) return;
    const bytes = await readBytes(source, begin + from, to - from, call);
    const stripeBytes = this.#stripeBytes;
    for (let at = from; at < to; ) {
      const row = Math.floor(at / stripeBytes);
      const end = Math.min(to, (row + 1) * stripeBytes);
      const place = (row * this.#columns.length + index) * stripeBytes + (at % stripeBytes);
      into.set(bytes.subarray(at - from, end - from), place - offset);
      at = end;
    }
  }

  /** How many of the first `offset` bytes of the segment lie in a column. */
  #withinColumn(offset: number, index: number): number {
    const row = Math.floor(offset / (this.#stripeBytes * this.#columns.length));
    const rest = offset - (row * this.#columns.length + index) * this.#stripeBytes;
    return row * this.#stripeBytes + Math.min(Math.max(0, rest), this.#stripeBytes);
  }
}
