import { expect, test } from 'vitest';
import { inPairs, ratios } from './pairs.ts';

test('pairs are interleaved A B B A', async () => {
  const order: string[] = [];
  const side = (name: string) => async () => order.push(name);
  await inPairs(3, side('A'), side('B'));
  expect(order.join('')).toBe('ABBAAB');
});

test('each run of ours is divided by the run of theirs beside it', async () => {
  const ours = [1, 2, 3].values();
  const theirs = [2, 2, 6].values();
  const next = (values: Iterator<number>) => async () => values.next().value as number;
  expect(ratios(await inPairs(3, next(ours), next(theirs)))).toEqual([0.5, 1, 0.5]);
});
