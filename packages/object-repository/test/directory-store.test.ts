import { mkdtemp, rm } from 'node:fs/promises';
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
