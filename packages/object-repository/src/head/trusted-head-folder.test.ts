import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryId, SendenseError } from '@sendense/core';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTrustedHeadFolder } from './trusted-head-folder.ts';

const ID = repositoryId('4d2e1b0a-0000-4000-8000-000000000001');
let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-heads-'));
  path = join(folder, 'heads');
});
afterEach(() => rm(folder, { recursive: true }));

it('gives back what was saved last, of each repository its own, and nothing where nothing was', async () => {
  const head = createTrustedHeadFolder({ path });
  const other = repositoryId('other');
  expect(await head.load(ID)).toBeUndefined();
  await head.save(ID, '1');
  await head.save(other, '2');
  await head.save(ID, '3');
  expect(await createTrustedHeadFolder({ path }).load(ID)).toBe('3');
  expect(await head.load(other)).toBe('2');
  expect(head.locate(ID)).toBe(join(path, `${ID}.json`));
});

it('keeps it in files and a folder that only the owner can read', async () => {
  const head = createTrustedHeadFolder({ path });
  await head.save(ID, 'x');
  expect((await stat(head.locate(ID))).mode & 0o777).toBe(0o600);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
});

/** Files of which one operation fails, or a part of what it writes is there. */
function failing(at: keyof FileSystem | 'write' | 'sync', steps: string[] = []): FileSystem {
  const step = (name: string): void => {
    steps.push(name);
    if (name === at) throw new SendenseError('NO_SPACE', `${name} failed`, { operation: name });
  };
  return {
    ...nodeFileSystem,
    async open(file, mode) {
      const handle = await nodeFileSystem.open(file, mode);
      if (mode === 'read') return handle;
      return {
        read: (into, position) => handle.read(into, position),
        async write(data, position) {
          await handle.write(at === 'write' ? data.subarray(0, 3) : data, position);
          step('write');
        },
        truncate: (sizeBytes) => handle.truncate(sizeBytes),
        async sync() {
          step('sync');
          await handle.sync();
        },
        size: () => handle.size(),
        [Symbol.asyncDispose]: () => handle[Symbol.asyncDispose](),
      };
    },
    async rename(from, to) {
      step('rename');
      await nodeFileSystem.rename(from, to);
    },
    async syncDirectory(name) {
      step('syncDirectory');
      return nodeFileSystem.syncDirectory(name);
    },
  };
}

it('replaces it as a whole, durable before it gets its name and its name after', async () => {
  const steps: string[] = [];
  await createTrustedHeadFolder({ path }, failing('stat', steps)).save(ID, 'x');
  expect(steps).toEqual(['write', 'sync', 'rename', 'syncDirectory']);
});

it.each(['write', 'sync', 'rename'] as const)(
  'keeps the old one and leaves nothing beside it when %s fails',
  async (step) => {
    const head = createTrustedHeadFolder({ path });
    await head.save(ID, 'old');
    const saving = createTrustedHeadFolder({ path }, failing(step)).save(ID, 'new');
    await expect(saving).rejects.toMatchObject({ code: 'NO_SPACE' });
    expect(await head.load(ID)).toBe('old');
    expect(await readdir(path)).toEqual([`${ID}.json`]);
  },
);

it('is whole, one of them, when many processes save at once', async () => {
  const heads = Array.from({ length: 16 }, (_, writer) => `${writer} `.repeat(20_000 - writer * 1000));
  await Promise.all(heads.map((head) => createTrustedHeadFolder({ path }).save(ID, head)));
  expect(heads).toContain(await createTrustedHeadFolder({ path }).load(ID));
  expect(await readdir(path)).toEqual([`${ID}.json`]);
});

it('removes what processes that died were writing a day ago', async () => {
  const head = createTrustedHeadFolder({ path });
  await head.save(ID, 'x');
  const left = join(path, `${ID}.json.${randomUUID()}.tmp`);
  await writeFile(left, '');
  const twoDaysAgo = new Date(Date.now() - 2 * 24 * 3600 * 1000);
  await utimes(left, twoDaysAgo, twoDaysAgo);
  await head.save(ID, 'x');
  expect(await readdir(path)).toEqual([`${ID}.json`]);
});
