import { seededRandom } from '@sendense/testkit';
import { testSeed } from '@sendense/tests/scale';
import { expect, test } from 'vitest';
import { estimate, median } from './statistics.ts';

test('the median is the middle value, of an even number the mean of the two', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(() => median([])).toThrow(RangeError);
});

test('seven values: the interval is from the smallest to the largest, because one less on each side covers 87.5 %', () => {
  expect(estimate([7, 3, 5, 1, 2, 6, 4])).toEqual({ median: 4, low: 1, high: 7, confidence: 1 - 2 / 128 });
});

test('eight values leave the outermost pair out', () => {
  const { low, high, confidence } = estimate([1, 2, 3, 4, 5, 6, 7, 8]);
  expect([low, high]).toEqual([2, 7]);
  expect(confidence).toBeCloseTo(1 - (2 * 9) / 256, 10);
});

test('a single value covers nothing, and says so', () => {
  expect(estimate([3])).toEqual({ median: 3, low: 3, high: 3, confidence: 0 });
});

test('the interval holds the true median as often as it says', () => {
  const random = seededRandom(testSeed());
  const rounds = 4000;
  let held = 0;
  let promised = 0;
  for (let round = 0; round < rounds; round++) {
    const { low, high, confidence } = estimate(Array.from({ length: 11 }, random));
    promised = confidence;
    if (low <= 0.5 && 0.5 <= high) held += 1;
  }
  expect(promised).toBeGreaterThanOrEqual(0.9);
  expect(Math.abs(held / rounds - promised)).toBeLessThan(0.02);
});
