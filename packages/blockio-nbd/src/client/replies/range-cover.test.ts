import { testSeed } from '@sendense/tests/scale';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RangeCover } from './range-cover.ts';

describe('RangeCover', () => {
  it('refuses what overlaps and knows when all is there, as a plain array does', () => {
    const parts = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 12 })), { maxLength: 40 });
    fc.assert(
      fc.property(parts, (list) => {
        const cover = new RangeCover();
        const seen = Array.from({ length: 52 }, () => false);
        for (const [offset, length] of list) {
          const free = !seen.slice(offset, offset + length).includes(true);
          expect(cover.add(offset, length)).toBe(free);
          if (free) seen.fill(true, offset, offset + length);
          const first = seen.indexOf(true);
          const count = seen.filter(Boolean).length;
          const whole = !seen.slice(first, first + count).includes(false);
          expect(cover.isExactly(first, count)).toBe(whole);
          expect(cover.isExactly(first, count + 1)).toBe(false);
        }
      }),
      { seed: testSeed(), numRuns: 2000 },
    );
  });

  it('does not grow with parts that touch', () => {
    const cover = new RangeCover();
    for (let at = 0; at < 100_000; at++) cover.add(at * 512, 512);
    expect(cover.isExactly(0, 100_000 * 512)).toBe(true);
  });
});
