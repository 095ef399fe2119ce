import { seededInteger, seededRandom } from '@sendense/testkit';
import { testSeed } from '@sendense/tests/scale';
import { expect, it } from 'vitest';
import { NumberSet } from './number-set.ts';

it('A set of numbers tells each of them as new once, whatever comes between', () => {
  const seen = new NumberSet();
  const numbers = [0, 7, 8, 32_767, 32_768, 2 ** 32, 2 ** 40 + 1];
  for (const number of numbers) expect(seen.add(number), String(number)).toBe(true);
  for (const number of numbers) {
    expect(seen.has(number), String(number)).toBe(true);
    expect(seen.add(number), String(number)).toBe(false);
  }
  expect(seen.has(9)).toBe(false);
  expect(seen.has(2 ** 33)).toBe(false);
  expect(seen.add(9)).toBe(true);
});

it('A range is new when each of its numbers is', () => {
  const seen = new NumberSet();
  expect(seen.addRange(32_760, 20)).toBe(true);
  expect(seen.has(32_779)).toBe(true);
  expect(seen.has(32_780)).toBe(false);
  expect(seen.addRange(32_780, 5)).toBe(true);
  expect(seen.addRange(32_750, 11)).toBe(false);
});

it('Ranges of any length and place hold the same numbers as when they are taken in one by one', () => {
  const random = seededRandom(testSeed());
  for (let round = 0; round < 50; round += 1) {
    const [seen, wanted] = [new NumberSet(), new Set<number>()];
    for (let range = 0; range < 4; range += 1) {
      const first = seededInteger(random, 80_000);
      const count = seededInteger(random, [20, 300, 40_000, 80_000][range] ?? 1);
      let isNew = true;
      for (let value = first; value < first + count && isNew; value += 1) {
        isNew = !wanted.has(value);
        wanted.add(value);
      }
      expect(seen.addRange(first, count)).toBe(isNew);
    }
    const differing = Array.from({ length: 160_000 }, (_, value) => value).filter(
      (value) => seen.has(value) !== wanted.has(value),
    );
    expect(differing).toEqual([]);
  }
});
