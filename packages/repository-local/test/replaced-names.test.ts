import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pointId } from '@sendense/core';
import { type FileSystem, mapErrno, nodeFileSystem } from '@sendense/plugin-kit/files';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nextStem } from '../src/layout/data-file-name.ts';
import { createLocalRepository, type LocalRepository } from '../src/repository-local.ts';
import {
  backUp,
  changed,
  DISK_BYTES,
  expectContents,
  type ModelBackup,
  writeBackup,
} from './model-machine.ts';

const contents = new Map<string, Uint8Array>();
let path: string;
let repository: LocalRepository;

beforeEach(async () => {
  contents.clear();
  path = await mkdtemp(join(tmpdir(), 'sendense-replaced-'));
  repository = await createLocalRepository({ path });
});

afterEach(async () => {
  await repository[Symbol.asyncDispose]();
  await rm(path, { recursive: true });
});

/** Backs up point `p<sequence>`, with a cluster of its own changed since `base`. */
async function add(sequence: number, base?: number, more: Partial<ModelBackup> = {}): Promise<void> {
  const before = contents.get(`p${base}`) ?? new Uint8Array(DISK_BYTES);
  const content = changed(before, [{ at: sequence, seed: sequence }]);
  contents.set(`p${sequence}`, content);
  const on = base === undefined ? {} : { base: { id: pointId(`p${base}`), content: before } };
  await backUp(repository, { sequence, content, ...on, ...more });
}

async function remove(sequence: number): Promise<void> {
  contents.delete(`p${sequence}`);
  await repository.maintenance.delete(pointId(`p${sequence}`));
}

test('a point that takes in what is below it twice is not built on itself', async () => {
  await add(1);
  await add(2, 1);
  await add(3, 2);
  await add(4, 3);
  await remove(3);
  await add(5, 4);
  await remove(2);
  await expect(expectContents(repository, contents)).resolves.toBeUndefined();
});

test('a point of the same second does not get the name that another point left, and then its content', async () => {
  const at = new Date(Date.UTC(2026, 9, 5));
  await add(1);
  await add(2, 1);
  await add(3, 2, { at });
  await remove(2);
  await add(4, 3);
  await add(5, 1, { at, stream: 'other' });
  await add(6, 4);
  await remove(6);
  await expect(expectContents(repository, contents)).resolves.toBeUndefined();
});

test('a data file gets the first number that makes a name of its own', () => {
  const stamp = '20261004-120000';
  expect(nextStem('full', stamp, new Set([`incr-${stamp}`]))).toBe(`full-${stamp}`);
  expect(nextStem('incremental', stamp, new Set([`incr-${stamp}`, `incr-${stamp}-3`]))).toBe(
    `incr-${stamp}-2`,
  );
});

test('an increment that was made a full is called so', async () => {
  await add(1);
  await add(2, 1);
  const { point } = await repository.maintenance.consolidate({
    kind: 'synthetic-full',
    point: pointId('p2'),
  });
  expect(point.disks[0]?.path).toMatch(/full-20261004-120200\.qcow2$/);
});

test('a point that could not be committed takes no file with it that got the name since', async () => {
  await using source = await createLocalRepository(
    { path: join(path, 'full') },
    { fileSystem: failingOnce() },
  );
  const at = new Date(Date.UTC(2026, 9, 5));
  const content = changed(new Uint8Array(DISK_BYTES), [{ at: 1, seed: 1 }]);
  const failed = await writeBackup(source, { sequence: 1, content, at, stream: 'x', id: 'failed' });
  await expect(failed.commit([])).rejects.toMatchObject({ code: 'NO_SPACE' });
  await backUp(source, { sequence: 1, content, at, stream: 'y', id: 'other' });
  await failed[Symbol.asyncDispose]();
  await expect(expectContents(source, new Map([['other', content]]))).resolves.toBeUndefined();
});

/** Files of which the first data file does not get its name, for lack of space. */
function failingOnce(): FileSystem {
  let isFull = true;
  return {
    ...nodeFileSystem,
    rename: async (from, to) => {
      if (isFull && to.endsWith('.qcow2')) {
        isFull = false;
        throw mapErrno({ code: 'ENOSPC' }, 'rename', to);
      }
      await nodeFileSystem.rename(from, to);
    },
  };
}
