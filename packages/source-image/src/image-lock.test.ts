import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@sendense/core';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { imageLockPath, withImageLock } from './image-lock.ts';

const context = { fileSystem: nodeFileSystem, clock: systemClock };
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-lock-'));
  path = join(folder, 'disk.qcow2');
});
afterEach(() => rm(folder, { recursive: true }));

describe('withImageLock', () => {
  it('lets one edit in at a time, and leaves nothing', async () => {
    let inside = 0;
    let most = 0;
    const edit = () =>
      withImageLock(context, path, async () => {
        most = Math.max(most, ++inside);
        await readdir(folder);
        inside--;
      });
    await Promise.all([edit(), edit(), edit()]);
    expect(most).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('lets go when the edit fails', async () => {
    await expect(withImageLock(context, path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await readdir(folder)).toEqual([]);
  });

  it('takes over the lock of a process that died', async () => {
    await writeFile(imageLockPath(path), '');
    await utimes(imageLockPath(path), 0, 0);
    expect(await withImageLock(context, path, async () => 'in')).toBe('in');
  });
});
