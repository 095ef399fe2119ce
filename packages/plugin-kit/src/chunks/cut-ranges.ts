import { type ByteRange, checkedInteger, checkRange, SendenseError } from '@sendense/core';

/** The most chunks of one batch: 32 bytes of id for each. */
const MAX_CHUNKS = 1 << 20;

/**
 * Each of the packed `[offset, length]` ranges in chunks of `chunkBytes`, its last one shorter; no chunk spans two ranges.
 * Throws `RANGE_INVALID` for ranges that are none, lie outside the disk, or hold too much for one batch.
 */
export function cutRanges(ranges: Float64Array, chunkBytes: number, sizeBytes: number): ByteRange[] {
  if (ranges.length % 2 !== 0) throw refused(`${ranges.length} numbers are no ranges of two`);
  const chunks: ByteRange[] = [];
  for (let at = 0; at < ranges.length; at += 2) {
    const [start = -1, bytes = -1] = ranges.subarray(at, at + 2);
    const length = checkedInteger(bytes, 'the length of a range', 0);
    checkRange({ offset: start, length }, sizeBytes, 'a range of chunks');
    if (chunks.length + length / chunkBytes > MAX_CHUNKS)
      throw refused(`more than ${MAX_CHUNKS} chunks at once`);
    for (let offset = start; offset < start + length; offset += chunkBytes)
      chunks.push({ offset, length: Math.min(chunkBytes, start + length - offset) });
  }
  return chunks;
}

function refused(message: string): SendenseError {
  return new SendenseError('RANGE_INVALID', message, { operation: 'read-chunks' });
}
