import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { droppingSyncFileSystem, type RepositoryFixture, storedFiles } from '@sendense/testkit';
import { createObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import { createDirectoryStore } from '../src/store/directory-store.ts';
import { testKey } from './keys.ts';

// A power loss has its own tests; without syncs these take a part of the time.
const fileSystem = droppingSyncFileSystem(nodeFileSystem, () => true);

const GRACE_MS = 24 * 3_600_000;

/** A fresh repository in a temporary folder. */
export async function openFixture(): Promise<RepositoryFixture> {
  const path = await mkdtemp(join(tmpdir(), 'sendense-objects-'));
  const access = () => ({ store: createDirectoryStore({ path }, fileSystem), key: testKey });
  // packs that no index object names go with the first prune after the grace, as those of writers that died
  const tidy = async () => {
    const longAgo = new Date(Date.now() - 2 * GRACE_MS);
    for (const { name } of await storedFiles(path)) await utimes(name, longAgo, longAgo);
    const repository = await openObjectRepository(access());
    await repository.maintenance.prune({ last: 9 });
  };
  return {
    repository: await createObjectRepository({ ...access(), chunkBytes: 65_536, graceMs: GRACE_MS }),
    tidy,
    reopen: () => openObjectRepository(access()),
    stored: () => storedFiles(path),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}
