import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { expect, it } from 'vitest';
import { checkScratchSpace, SCRATCH_RESERVE_BYTES, ScratchWatch } from './scratch-watch.ts';

/** A file system whose storage has `availableBytes()` left. */
function storageWith(availableBytes: () => number) {
  return {
    ...nodeFileSystem,
    space: async () => ({ totalBytes: 2 ** 40, availableBytes: availableBytes() }),
  };
}

it('refuses a folder with too little room', async () => {
  const check = (bytes: number) =>
    checkScratchSpace(
      storageWith(() => bytes),
      '/scratch',
    );
  await expect(check(SCRATCH_RESERVE_BYTES - 1)).rejects.toMatchObject({ code: 'NO_SPACE' });
  await expect(check(SCRATCH_RESERVE_BYTES)).resolves.toBeUndefined();
});

it('tells once when a folder runs full', async () => {
  let left = SCRATCH_RESERVE_BYTES;
  const told: string[] = [];
  const full = Promise.withResolvers<void>();
  const watch = new ScratchWatch(
    storageWith(() => left--),
    ['/scratch', '/scratch'],
    (folder) => {
      told.push(folder);
      full.resolve();
    },
  );
  await full.promise;
  watch.stop();
  expect(told).toEqual(['/scratch']);
});
