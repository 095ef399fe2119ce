import type { ByteRange } from '@sendense/core';

/** Ranges ascending and apart: sorted, overlapping and touching ones joined, empty ones left out. */
export function normaliseRanges(ranges: readonly ByteRange[]): ByteRange[] {
  return mergeGaps(
    ranges.filter((range) => range.length > 0).sort((a, b) => a.offset - b.offset),
    0,
  );
}

/** Joins ascending ranges that are at most `gapBytes` apart; what lies between becomes part of the range. */
export function mergeGaps(ranges: readonly ByteRange[], gapBytes: number): ByteRange[] {
  const merged: { offset: number; length: number }[] = [];
  let last: { offset: number; length: number } | undefined;
  for (const { offset, length } of ranges) {
    if (last !== undefined && offset <= last.offset + last.length + gapBytes) {
      last.length = Math.max(last.length, offset + length - last.offset);
    } else {
      last = { offset, length };
      merged.push(last);
    }
  }
  return merged;
}

/** Ascending ranges grown to whole blocks of `alignmentBytes`, cut off at `sizeBytes`, joined where they now touch. */
export function widenRanges(
  ranges: readonly ByteRange[],
  grid: { readonly alignmentBytes: number; readonly sizeBytes: number },
): ByteRange[] {
  const { alignmentBytes, sizeBytes } = grid;
  const grown = ranges
    .filter((range) => range.offset < sizeBytes)
    .map((range) => {
      const offset = range.offset - (range.offset % alignmentBytes);
      const up = range.offset + range.length + alignmentBytes - 1;
      return { offset, length: Math.min(sizeBytes, up - (up % alignmentBytes)) - offset };
    });
  return mergeGaps(grown, 0);
}

/** The parts of ascending ranges that lie inside `window`. */
export function clipRanges(ranges: readonly ByteRange[], window: ByteRange): ByteRange[] {
  return intersectRanges(ranges, [window]);
}

/** Every byte of either. Both are ascending and apart, and so is the result. */
export function uniteRanges(left: readonly ByteRange[], right: readonly ByteRange[]): ByteRange[] {
  return normaliseRanges([...left, ...right]);
}

/** Every byte of both. Both are ascending and apart, and so is the result. */
export function intersectRanges(left: readonly ByteRange[], right: readonly ByteRange[]): ByteRange[] {
  const common: ByteRange[] = [];
  let at = 0;
  for (const { offset, length } of left) {
    const end = offset + length;
    for (;;) {
      const other = right[at];
      if (other === undefined || other.offset >= end) break;
      const otherEnd = other.offset + other.length;
      const from = Math.max(offset, other.offset);
      const to = Math.min(end, otherEnd);
      if (to > from) common.push({ offset: from, length: to - from });
      if (otherEnd > end) break;
      at += 1;
    }
  }
  return common;
}

/** Every byte of `from` that is not in `holes`. Both are ascending and apart, and so is the result. */
export function subtractRanges(from: readonly ByteRange[], holes: readonly ByteRange[]): ByteRange[] {
  const rest: ByteRange[] = [];
  let at = 0;
  for (const { offset, length } of from) {
    const end = offset + length;
    let position = offset;
    while (position < end) {
      const hole = holes[at];
      if (hole === undefined || hole.offset >= end) {
        rest.push({ offset: position, length: end - position });
        break;
      }
      if (hole.offset > position) rest.push({ offset: position, length: hole.offset - position });
      position = Math.max(position, hole.offset + hole.length);
      if (position <= end) at += 1;
    }
  }
  return rest;
}

/** How many bytes the ranges hold together. */
export function totalBytes(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, range) => sum + range.length, 0);
}
