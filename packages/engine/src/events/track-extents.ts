import type { ByteRange, Extent } from '@sendense/core';

/** Counts extents on their way to a copy. */
export type ExtentTracker = {
  readonly extents: AsyncIterable<Extent>;
  /** Bytes of the disk before the last extent that were not presented. */
  readonly skippedBytes: number;
  /** Bytes presented, by kind. */
  readonly dataBytes: number;
  readonly zeroBytes: number;
  /** Bytes presented that are durable already: the copy leaves them out. */
  readonly durableBytes: number;
};

/** How extents are counted. */
export type TrackOptions = {
  /** Proven zeros are counted but not passed on. */
  readonly leaveOutZeros?: boolean;
  /** What an earlier attempt made durable, ascending; read once, beside the extents. */
  readonly durable?: AsyncIterable<ByteRange> | undefined;
};

/** Wraps `extents`, which ascend. */
export function trackExtents(
  extents: AsyncIterable<Extent>,
  { leaveOutZeros = false, durable }: TrackOptions,
): ExtentTracker {
  let data = 0;
  let zero = 0;
  let skipped = 0;
  let durably = 0;
  let end = 0;
  async function* counted(): AsyncGenerator<Extent> {
    const ranges = countWithin(durable ?? nothing());
    try {
      await ranges.next();
      for await (const extent of extents) {
        skipped += Math.max(0, extent.offset - end);
        end = Math.max(end, extent.offset + extent.length);
        if (extent.kind === 'data') data += extent.length;
        else zero += extent.length;
        if (extent.kind === 'zero' && leaveOutZeros) skipped += extent.length;
        else {
          durably += (await ranges.next(extent)).value ?? 0;
          yield extent;
        }
      }
    } finally {
      await ranges.return(0);
    }
  }
  return {
    extents: counted(),
    get skippedBytes() {
      return skipped;
    },
    get dataBytes() {
      return data;
    },
    get zeroBytes() {
      return zero;
    },
    get durableBytes() {
      return durably;
    },
  };
}

/** Is given ranges that ascend, one after another, and tells how much of each some others cover. */
async function* countWithin(others: AsyncIterable<ByteRange>): AsyncGenerator<number, number, ByteRange> {
  let wanted = yield 0;
  let bytes = 0;
  for await (const { offset, length } of others) {
    const end = offset + length;
    while (wanted.offset + wanted.length <= end) {
      wanted = yield bytes + overlap(wanted, offset, end);
      bytes = 0;
    }
    bytes += overlap(wanted, offset, end);
  }
  for (;;) {
    wanted = yield bytes;
    bytes = 0;
  }
}

function overlap({ offset, length }: ByteRange, from: number, to: number): number {
  return Math.max(0, Math.min(offset + length, to) - Math.max(offset, from));
}

async function* nothing(): AsyncGenerator<ByteRange> {}
