import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@sendense/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refuseWritten } from './image-locks.ts';
import { nodeFileSystem } from './node-file-system.ts';
import { settleWrites } from './steady-file.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-steady-'));
  path = join(folder, 'disk');
  await writeFile(path, 'before');
});
afterEach(() => rm(folder, { recursive: true }));

async function modifiedMs(): Promise<number | undefined> {
  return (await nodeFileSystem.stat(path))?.modifiedMs;
}

describe('settleWrites', () => {
  it('waits for a file just written until any later write shows in its time', async () => {
    for (let round = 0; round < 20; round++) {
      await writeFile(path, `before ${round}`);
      await settleWrites(nodeFileSystem, systemClock, path);
      const settled = await modifiedMs();
      await writeFile(path, `after ${round}`);
      expect(await modifiedMs(), `round ${round}`).not.toBe(settled);
    }
  });

  it('has nothing to wait for where there is no file', async () => {
    await expect(settleWrites(nodeFileSystem, systemClock, join(folder, 'gone'))).resolves.toBeUndefined();
  });
});

describe('refuseWritten', () => {
  const locks = (written: boolean) => async () => ({ written, writesForbidden: true });

  it('refuses a file that somebody may write to, and names it', async () => {
    const refused = refuseWritten(nodeFileSystem, locks(true), path);
    await expect(refused).rejects.toMatchObject({ code: 'LOCKED', context: { path } });
  });

  it('tells how a file is held that is only read, and nothing of one that is not there', async () => {
    const use = { written: false, writesForbidden: true };
    expect(await refuseWritten(nodeFileSystem, locks(false), path)).toEqual(use);
    expect(await refuseWritten(nodeFileSystem, locks(true), join(folder, 'gone'))).toBeUndefined();
  });
});
