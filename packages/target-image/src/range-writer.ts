import {
  type BlockReader,
  type BlockWriter,
  type ByteRange,
  type Call,
  type CopyOptions,
  type CopyResult,
  copyBlocks,
  type Extent,
} from '@sendense/core';
import { uniteRanges } from '@sendense/plugin-kit/extents';

/** How many durable ranges are remembered: the longest ones, the others are copied again. */
const MAX_RANGES = 1024;

/** The most extents that are copied before the writer notes them. */
const MAX_PORTION_EXTENTS = 16_384;

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

  /** Copies by the driver of the options where it can, a portion at a time, and remembers each. */
  async copyFrom(
    source: BlockReader,
    extents: AsyncIterable<Extent>,
    options: CopyOptions = {},
  ): Promise<CopyResult> {
    const total = { bytesRead: 0, bytesWritten: 0, bytesZeroed: 0 };
    const rest = extents[Symbol.asyncIterator]();
    let moved = 0;
    try {
      for (let taken: Extent[] | undefined; taken === undefined || taken.length > 0; ) {
        taken = [];
        const portion = portionOf(rest, this.#options.checkpointBytes, taken);
        const result = await this.#copyPortion(source, portion, options, moved);
        total.bytesRead += result.bytesRead;
        total.bytesWritten += result.bytesWritten;
        total.bytesZeroed += result.bytesZeroed;
        for (const { offset, length, kind } of taken) {
          moved += length;
          await this.#note({ offset, length }, kind === 'data' ? length : 0);
        }
      }
    } finally {
      await rest.return?.();
    }
    return total;
  }

  /** `before`: bytes that earlier portions moved. */
  #copyPortion(
    source: BlockReader,
    extents: AsyncIterable<Extent>,
    { pace, driver, onProgress, signal }: CopyOptions,
    before: number,
  ): Promise<CopyResult> {
    return copyBlocks(
      { from: source, to: this.#inner, extents, ...(pace && { pace }), ...(driver && { driver }) },
      {
        ...(signal && { signal }),
        ...(onProgress && {
          onProgress: ({ done, unit }) => onProgress({ done: before + done, total: null, unit }),
        }),
      },
    );
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

/** The next extents, up to a bounded amount of data; they are `taken` once they are yielded. */
async function* portionOf(
  rest: AsyncIterator<Extent>,
  maxBytes: number,
  taken: Extent[],
): AsyncGenerator<Extent> {
  for (let bytes = 0; bytes < maxBytes && taken.length < MAX_PORTION_EXTENTS; ) {
    const { done, value } = await rest.next();
    if (done === true) return;
    taken.push(value);
    if (value.kind === 'data') bytes += value.length;
    yield value;
  }
}
