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
