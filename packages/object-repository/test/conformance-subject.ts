import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { droppingSyncFileSystem, type RepositoryFixture, storedFiles } from '@sendense/testkit';
import { createObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import { createDirectoryStore } from '../src/store/directory-store.ts';
import { testKey } from './keys.ts';

// A power loss has its own tests; without syncs these take a part of the time.
const fileSystem = droppingSyncFileSystem(nodeFileSystem, () => true);

/** A fresh repository in a temporary folder. */
export async function openFixture(): Promise<RepositoryFixture> {
  const path = await mkdtemp(join(tmpdir(), 'sendense-objects-'));
  const access = () => ({ store: createDirectoryStore({ path }, fileSystem), key: testKey });
  return {
    repository: await createObjectRepository({ ...access(), chunkBytes: 65_536 }),
    reopen: () => openObjectRepository(access()),
    stored: () => storedFiles(path),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}
