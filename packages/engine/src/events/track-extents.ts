import type { Extent } from '@sendense/core';

/** Counts extents on their way to a copy. */
export type ExtentTracker = {
  readonly extents: AsyncIterable<Extent>;
  /** Bytes of the disk before the last extent that were not presented. */
  readonly skippedBytes: number;
  /** Bytes presented, by kind. */
  readonly dataBytes: number;
  readonly zeroBytes: number;
};

/** Wraps `extents`; with `leaveOutZeros`, proven zeros are counted but not passed on. */
export function trackExtents(extents: AsyncIterable<Extent>, leaveOutZeros: boolean): ExtentTracker {
  let data = 0;
  let zero = 0;
  let skipped = 0;
  let end = 0;
  async function* counted(): AsyncGenerator<Extent> {
    for await (const extent of extents) {
      skipped += Math.max(0, extent.offset - end);
      end = Math.max(end, extent.offset + extent.length);
      if (extent.kind === 'data') data += extent.length;
      else zero += extent.length;
      if (extent.kind === 'zero' && leaveOutZeros) skipped += extent.length;
      else yield extent;
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
  };
}
