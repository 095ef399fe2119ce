import { expect, test } from 'vitest';
import { ROW_NAMES } from '../rows/row-names.ts';
import { barOf, readBars } from './bars.ts';

test('a bar belongs to the variant it names', () => {
  const bars = [
    { row: 'a', destination: 'disk', most: 0.9 },
    { row: 'a', destination: 'memory', most: 1.15 },
    { row: 'b', most: 2 },
  ] as const;
  expect(barOf('a', { destination: 'disk', data: 'mix' }, bars)).toBe(0.9);
  expect(barOf('a', { destination: 'memory' }, bars)).toBe(1.15);
  expect(barOf('b', { destination: 'disk' }, bars)).toBe(2);
  expect(barOf('c', {}, bars)).toBeNull();
});

test('the bytes that an object backup stores have a bar of their own, whatever the data', () => {
  const variant = { destination: 'disk', data: 'mix' } as const;
  const time = barOf('object-backup', { ...variant, measure: 'time' });
  expect(time).toBeLessThan(1);
  expect(barOf('object-backup', { ...variant, data: 'rnd', measure: 'time' })).not.toBe(time);
  expect(barOf('object-backup', { ...variant, measure: 'stored' })).toBe(1.02);
  expect(barOf('object-latency', { data: 'rnd', measure: 'reads' })).toBe(1 / 8);
});

test('every bar is of a row that exists', () => {
  for (const { row } of readBars()) expect(ROW_NAMES).toContain(row);
});
