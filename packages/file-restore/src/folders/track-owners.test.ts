import { setImmediate } from 'node:timers';
import { expect, it } from 'vitest';
import { trackBlockOwners } from './track-owners.ts';

const TIB_OF_BLOCKS = 2 ** 28;

/** One file: a run of a tebibyte in blocks of 4 KiB, at its number times that. */
async function* largeRun(node: number) {
  yield { fileBlock: 0, blocks: TIB_OF_BLOCKS, volumeBlock: node * TIB_OF_BLOCKS + 5 };
}

it('A file of a tebibyte is checked while others get their turn, and takes little memory', async () => {
  const own = trackBlockOwners(largeRun);
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const before = process.memoryUsage().arrayBuffers;
  await own(1);
  isDone = true;
  expect(turns).toBeGreaterThan(20);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 2 ** 20);
  await expect(own(1)).rejects.toMatchObject({ code: 'CORRUPT' });
  await own(2);
});

it('A check that is cancelled ends within a large file', async () => {
  const controller = new AbortController();
  const own = trackBlockOwners(largeRun);
  setImmediate(() => controller.abort());
  await expect(own(1, { signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' });
});
