import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@sendense/core';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { interceptFileSystem } from '@sendense/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { imageLockPath, removeStaleLocks, withImageLock } from './image-lock.ts';

const context = { fileSystem: nodeFileSystem, clock: systemClock, random: systemRandom };
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
    await leaveStaleLock();
    expect(await withImageLock(context, path, async () => 'in')).toBe('in');
    expect(await readdir(folder)).toEqual([]);
  });

  it('lets only one of two waiters take over a lock, whatever they do between', async () => {
    let pauses = 0;
    for (let steps = 1; ; steps++) {
      await leaveStaleLock();
      const { most, paused } = await raceToBreak(steps);
      expect(most, `the other one stopped after ${steps} operations`).toBe(1);
      if (!paused) break;
      pauses++;
    }
    expect(pauses).toBeGreaterThan(5);
  });
});

describe('removeStaleLocks', () => {
  it('removes what dead processes left, and nothing of the living', async () => {
    await leaveStaleLock();
    const prepared = join(folder, '.sendense-lock.other');
    await mkdir(join(prepared, 'sendense-lock.other'), { recursive: true });
    await utimes(join(prepared, 'sendense-lock.other'), 0, 0);
    expect([...(await removeStaleLocks(context, path))].sort()).toEqual(
      [imageLockPath(path), prepared].sort(),
    );
    await withImageLock(context, path, async () => {
      expect(await removeStaleLocks(context, path)).toEqual([]);
    });
  });
});

async function leaveStaleLock(): Promise<void> {
  const token = join(imageLockPath(path), 'sendense-lock.of-the-dead');
  await mkdir(token, { recursive: true });
  await utimes(token, 0, 0);
}

/**
 * One waiter stops after `steps` operations, another takes the lock and keeps it until the first one, going on, has
 * either got in or looked twice more. Tells how many were in at once, and whether the first one came so far.
 */
async function raceToBreak(steps: number): Promise<{ readonly most: number; readonly paused: boolean }> {
  const [stopped, goOn, seen] = [gate(), gate(), gate()];
  let operations = 0;
  let looks = 0;
  const stopping = interceptFileSystem(nodeFileSystem, async ({ operation, run }) => {
    const result = await run();
    operations++;
    if (operations === steps) {
      stopped.open();
      await goOn.passed;
    }
    if (operations > steps && operation.kind === 'list' && ++looks === 2) seen.open();
    return result;
  });
  let inside = 0;
  let most = 0;
  const enter = () => {
    most = Math.max(most, ++inside);
  };
  const first = withImageLock({ ...context, fileSystem: stopping }, path, async () => {
    enter();
    seen.open();
    inside--;
  });
  const isStopped = await Promise.race([stopped.passed.then(() => true), first.then(() => false)]);
  // Stopped with the lock taken: the other one may only get in afterwards.
  const holds = isStopped && (await holdsLiving());
  if (holds) goOn.open();
  await withImageLock(context, path, async () => {
    enter();
    goOn.open();
    if (isStopped && !holds) await seen.passed;
    inside--;
  });
  await first;
  return { most, paused: isStopped };
}

async function holdsLiving(): Promise<boolean> {
  const tokens = await readdir(imageLockPath(path)).catch(() => []);
  return tokens.some((token) => !token.endsWith('of-the-dead'));
}

function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}
