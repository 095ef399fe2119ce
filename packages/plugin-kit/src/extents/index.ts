export { alignExtents, type ExtentGrid } from '@sendense/core';
export { clipExtents, coverGaps, mergeExtents } from './extent-streams.ts';
export {
  clipRanges,
  intersectRanges,
  mergeGaps,
  normaliseRanges,
  subtractRanges,
  totalBytes,
  uniteRanges,
  widenRanges,
} from './ranges.ts';
