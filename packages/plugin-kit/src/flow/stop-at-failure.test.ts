import { expect, it } from 'vitest';
import { stopAtFailure } from './stop-at-failure.ts';

it('runs changes until one fails, and nothing after that', async () => {
  const change = stopAtFailure('/disk');
  expect(await change('write-blocks', async () => 7)).toBe(7);
  await expect(change('write-blocks', () => Promise.reject(new Error('torn')))).rejects.toThrow('torn');
  let ran = false;
  const later = change('flush-blocks', async () => {
    ran = true;
  });
  await expect(later).rejects.toMatchObject({
    code: 'NOT_OPEN',
    operation: 'flush-blocks',
    message: 'an earlier write to /disk failed',
  });
  expect(ran).toBe(false);
});
