import type { ByteRange } from '@sendense/core';

/** The part of `range` that lies in a file: from its first byte up to `end`. */
export function clipRange(
  { offset, length }: ByteRange,
  sizeBytes: number,
): { readonly from: number; readonly end: number } {
  const from = Math.min(Math.max(0, offset), sizeBytes);
  return { from, end: Math.min(sizeBytes, from + Math.max(0, length)) };
}
