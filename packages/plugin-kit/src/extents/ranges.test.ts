import type { ByteRange } from '@sendense/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clipRanges,
  intersectRanges,
  mergeGaps,
  normaliseRanges,
  subtractRanges,
  totalBytes,
  uniteRanges,
  widenRanges,
} from './ranges.ts';

const SIZE = 96;
const SETTINGS = { seed: 20_261_121, numRuns: 2000 * Number(process.env.SENDENSE_TEST_SCALE ?? 1) };

const anyRanges = fc.array(
  fc.record({ offset: fc.nat(SIZE - 1), length: fc.nat(20) }).map(({ offset, length }) => ({
    offset,
    length: Math.min(length, SIZE - offset),
  })),
  { maxLength: 8 },
);
const ranges = anyRanges.map(normaliseRanges);

/** One flag a byte. */
function bitmap(list: readonly ByteRange[]): boolean[] {
  const bits = Array.from({ length: SIZE }, () => false);
  for (const { offset, length } of list) bits.fill(true, offset, offset + length);
  return bits;
}

/** Ascending, none empty, none touching the next. */
function expectNormal(list: readonly ByteRange[]): void {
  let end = -1;
  for (const range of list) {
    expect(range.length).toBeGreaterThan(0);
    expect(range.offset).toBeGreaterThan(end);
    end = range.offset + range.length;
  }
}

describe('range maths, against a bitmap', () => {
  it('normalises any ranges to the same bytes', () => {
    fc.assert(
      fc.property(anyRanges, (list) => {
        const normal = normaliseRanges(list);
        expectNormal(normal);
        expect(bitmap(normal)).toEqual(bitmap(list));
        expect(totalBytes(normal)).toBe(bitmap(list).filter(Boolean).length);
      }),
      SETTINGS,
    );
  });

  it.each([
    ['unites', uniteRanges, (a: boolean, b: boolean) => a || b],
    ['intersects', intersectRanges, (a: boolean, b: boolean) => a && b],
    ['subtracts', subtractRanges, (a: boolean, b: boolean) => a && !b],
  ])('%s', (_name, combine, model) => {
    fc.assert(
      fc.property(ranges, ranges, (left, right) => {
        const result = combine(left, right);
        const [a, b] = [bitmap(left), bitmap(right)];
        expectNormal(result);
        expect(bitmap(result)).toEqual(a.map((bit, at) => model(bit, b[at] === true)));
      }),
      SETTINGS,
    );
  });

  it('widens to the blocks that hold a byte, cut off at the size', () => {
    const power = fc.integer({ min: 0, max: 5 }).map((exponent) => 2 ** exponent);
    fc.assert(
      fc.property(ranges, power, fc.integer({ min: 1, max: SIZE }), (list, alignmentBytes, sizeBytes) => {
        const inside = list.filter((range) => range.offset < sizeBytes);
        const result = widenRanges(inside, { alignmentBytes, sizeBytes });
        const bits = bitmap(inside);
        const block = (at: number) =>
          bits.slice(at - (at % alignmentBytes), at - (at % alignmentBytes) + alignmentBytes);
        expectNormal(result);
        expect(bitmap(result)).toEqual(bits.map((_, at) => at < sizeBytes && block(at).includes(true)));
      }),
      SETTINGS,
    );
  });

  it('merges ranges that are near, and only those', () => {
    fc.assert(
      fc.property(ranges, fc.nat(12), (list, gapBytes) => {
        const result = mergeGaps(list, gapBytes);
        for (const range of list) expect(intersectRanges([range], result)).toEqual([range]);
        const gaps = subtractRanges([{ offset: 0, length: SIZE }], result);
        const filled = subtractRanges(result, list);
        expect(filled.every((gap) => gap.length <= gapBytes)).toBe(true);
        const inner = gaps.filter((gap) => gap.offset > 0 && gap.offset + gap.length < SIZE);
        expect(inner.every((gap) => gap.length > gapBytes)).toBe(true);
      }),
      SETTINGS,
    );
  });

  it('clips to a window', () => {
    expect(
      clipRanges(
        [
          { offset: 0, length: 10 },
          { offset: 20, length: 10 },
        ],
        { offset: 5, length: 20 },
      ),
    ).toEqual([
      { offset: 5, length: 5 },
      { offset: 20, length: 5 },
    ]);
  });
});
