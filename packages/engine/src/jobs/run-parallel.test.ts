import { expect, it } from 'vitest';
import { runParallel } from './run-parallel.ts';

const never = new AbortController().signal;

it('gives the results in order', async () => {
  const options = { concurrency: 2, signal: never };
  expect(await runParallel([3, 1, 2], options, async (item) => item * 2)).toEqual([6, 2, 4]);
});

it('stops the others at the first failure, and throws it when none is under way any more', async () => {
  const ended: number[] = [];
  const all = runParallel([0, 1, 2, 3], { concurrency: 3, signal: never }, async (item, signal) => {
    if (item === 1) throw new Error('first');
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => setImmediate(resolve));
    });
    ended.push(item);
  });
  await expect(all).rejects.toThrow('first');
  expect(ended).toEqual([0, 2]);
});
