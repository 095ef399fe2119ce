import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { droppingSyncFileSystem, type RepositoryFixture, storedFiles } from '@sendense/testkit';
import { createLocalRepository, openLocalRepository } from '../src/repository-local.ts';

// A power loss has its own tests; without syncs these take a tenth of the time.
const fileSystem = droppingSyncFileSystem(nodeFileSystem, () => true);

/** A fresh repository in a temporary folder. */
export async function openFixture(): Promise<RepositoryFixture> {
  const path = await mkdtemp(join(tmpdir(), 'sendense-repository-'));
  return {
    repository: await createLocalRepository({ path }, { fileSystem }),
    reopen: () => openLocalRepository({ path }, { fileSystem }),
    stored: () => storedFiles(path),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}
