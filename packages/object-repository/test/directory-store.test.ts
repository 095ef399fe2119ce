import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDirectoryStore } from '@sendense/object-repository';
import { storeCases as cases } from '@sendense/object-repository/validate';
import { collect, createMemoryFileSystem, objectStoreConformance } from '@sendense/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDirectoryStore as createStoreOn } from '../src/store/directory-store.ts';

const sizes = { listedObjects: 60, largeBytes: 300_000, racers: 16, lockMs: 1000 };
const capabilities = { retention: false, maxObjectBytes: 2 ** 40 };
let path = '';
beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'sendense-directory-store-'));
});
afterAll(() => rm(path, { recursive: true }));

const open = () => Promise.resolve(createDirectoryStore({ path }));
objectStoreConformance({ describe, it }, { name: 'directory', cases, sizes, capabilities, open });

describe('a folder that is asked for bytes with room for them', () => {
  it('puts them at its start where they fit, and gives memory of its own where they do not', async () => {
    await using store = createDirectoryStore({ path });
    await store.put('packs/aa/room', Uint8Array.of(1, 2, 3, 4, 5));
    const into = new Uint8Array(4).fill(9);
    const found = await store.get('packs/aa/room', { offset: 1, length: 3 }, { into });
    expect([found.buffer, [...found], [...into]]).toEqual([into.buffer, [2, 3, 4], [2, 3, 4, 9]]);
    const whole = await store.get('packs/aa/room', undefined, { into });
    expect([[...whole], [...into]]).toEqual([
      [1, 2, 3, 4, 5],
      [2, 3, 4, 9],
    ]);
  });
});

describe('a power loss after a deletion from a folder', () => {
  it('does not bring the object back', async () => {
    const files = createMemoryFileSystem();
    const store = createStoreOn({ path: '/store' }, files);
    for (const key of ['index/one', 'index/two', 'packs/aa/one']) await store.put(key, new Uint8Array(8));
    await store.delete('index/one');
    await store.delete('packs/aa/none');
    await store.delete('points/none/none');
    const after = createStoreOn({ path: '/store' }, files.afterPowerLoss(0));
    expect((await collect(after.list(''))).map(({ key }) => key)).toEqual(['index/two', 'packs/aa/one']);
  });
});

describe('a folder with files of writers that died on the way', () => {
  it('is rid of those that nobody wrote to for a day, with the first object that another one creates', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sendense-incoming-'));
    try {
      const incoming = join(folder, '.incoming');
      await mkdir(incoming);
      for (const name of ['dead', 'alive']) await writeFile(join(incoming, name), 'a part of a pack');
      const before = new Date(Date.now() - 25 * 3600 * 1000);
      await utimes(join(incoming, 'dead'), before, before);
      await using store = createDirectoryStore({ path: folder });
      await store.put('packs/aa/one', new Uint8Array(8));
      expect(await readdir(incoming)).toEqual(['alive']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
