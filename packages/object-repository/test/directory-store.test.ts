import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDirectoryStore } from '@sendense/object-repository';
import { storeCases as cases } from '@sendense/object-repository/validate';
import { objectStoreConformance } from '@sendense/testkit';
import { afterAll, beforeAll, describe, it } from 'vitest';

const sizes = { listedObjects: 60, largeBytes: 300_000, racers: 16, lockMs: 1000 };
const capabilities = { retention: false, maxObjectBytes: 2 ** 40 };
let path = '';
beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'sendense-directory-store-'));
});
afterAll(() => rm(path, { recursive: true }));

const open = () => Promise.resolve(createDirectoryStore({ path }));
objectStoreConformance({ describe, it }, { name: 'directory', cases, sizes, capabilities, open });
