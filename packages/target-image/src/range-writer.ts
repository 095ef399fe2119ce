import type { BlockWriter, ByteRange, Call } from '@sendense/core';
import { uniteRanges } from '@sendense/plugin-kit/extents';

/** How many durable ranges are remembered: the longest ones, the others are copied again. */
const MAX_RANGES = 1024;

/** How a {@link RangeWriter} remembers. */
export type RangeWriterOptions = {
  /** What an earlier attempt made durable. */
  readonly durable: readonly ByteRange[];
  /** Bytes after which what was written is made durable without being asked. */
  readonly checkpointBytes: number;
  /** Keeps the durable ranges; awaited by `flush`. */
  readonly save: (durable: readonly ByteRange[]) => Promise<void>;
};

function longest(ranges: readonly ByteRange[]): readonly ByteRange[] {
  if (ranges.length <= MAX_RANGES) return ranges;
  const kept = ranges.toSorted((a, b) => b.length - a.length).slice(0, MAX_RANGES);
  return kept.toSorted((a, b) => a.offset - b.offset);
}

/** Writes through `inner` and remembers which ranges are durable, so that a later attempt leaves them out. */
export class RangeWriter implements BlockWriter {
  readonly sizeBytes;
  readonly limits;
  readonly rewritable;
  readonly untouched;
  readonly #inner: BlockWriter;
  readonly #options: RangeWriterOptions;
  #durable: readonly ByteRange[];
  #written: ByteRange[] = [];
  #unflushedBytes = 0;
  #flushing: Promise<void> = Promise.resolve();

  constructor(inner: BlockWriter, options: RangeWriterOptions) {
    this.sizeBytes = inner.sizeBytes;
    this.limits = inner.limits;
    this.rewritable = inner.rewritable;
    this.untouched = inner.untouched;
    this.#inner = inner;
    this.#options = options;
    this.#durable = options.durable;
  }

  async write(offset: number, data: Uint8Array, call?: Call): Promise<void> {
    const length = data.byteLength;
    await this.#inner.write(offset, data, call);
    await this.#note({ offset, length }, length);
  }

  async zero(offset: number, length: number, call?: Call): Promise<void> {
    await this.#inner.zero(offset, length, call);
    await this.#note({ offset, length }, 0);
  }

  /** One flush at a time: each covers what had been written when it began. */
  async flush(call?: Call): Promise<void> {
    const flush = this.#flushing.then(() => this.#flush(call));
    this.#flushing = flush.catch(() => undefined); // the caller of that flush is told; the writer below keeps failing
    await flush;
  }

  async *durable(): AsyncGenerator<ByteRange> {
    yield* this.#options.durable;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }

  async #note(range: ByteRange, bytes: number): Promise<void> {
    const last = this.#written.at(-1);
    if (last !== undefined && last.offset + last.length === range.offset) {
      this.#written[this.#written.length - 1] = { offset: last.offset, length: last.length + range.length };
    } else {
      this.#written.push(range);
    }
    this.#unflushedBytes += bytes;
    if (this.#unflushedBytes < this.#options.checkpointBytes) return;
    this.#unflushedBytes = 0;
    await this.flush();
  }

  async #flush(call: Call | undefined): Promise<void> {
    const written = this.#written;
    this.#written = [];
    this.#unflushedBytes = 0;
    await this.#inner.flush(call);
    if (written.length === 0) return;
    this.#durable = longest(uniteRanges(this.#durable, written));
    await this.#options.save(this.#durable);
  }
}
