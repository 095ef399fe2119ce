import { expect, it } from 'vitest';
import { NodeNumbers, ROOT } from './node-numbers.ts';

it('The names of a folder have numbers that follow each other, the same each time, and each leads back', () => {
  const numbers = new NodeNumbers();
  const first = numbers.firstOf(ROOT, 3);
  const second = numbers.firstOf(first + 1, 2);
  expect(numbers.firstOf(first, 0)).toBe(second + 2);
  const third = numbers.firstOf(first + 2, 1);
  expect(numbers.firstOf(ROOT, 3)).toBe(first);
  expect(numbers.find(first)).toEqual({ folder: ROOT, index: 0 });
  expect(numbers.find(first + 2)).toEqual({ folder: ROOT, index: 2 });
  expect(numbers.find(second + 1)).toEqual({ folder: first + 1, index: 1 });
  expect(numbers.find(third)).toEqual({ folder: first + 2, index: 0 });
});

it('Numbers that were never given stand for nothing', () => {
  const numbers = new NodeNumbers();
  const first = numbers.firstOf(ROOT, 3);
  for (const node of [ROOT, -1, first + 3, Number.NaN]) expect(numbers.find(node)).toBeUndefined();
});
