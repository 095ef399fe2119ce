import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { droppingSyncFileSystem, type RepositoryFixture, storedFiles } from '@sendense/testkit';
import { chosenDrivers } from '@sendense/tests/drivers';
import { createLocalRepository, openLocalRepository } from '../src/repository-local.ts';

// A power loss has its own tests; without syncs these take a tenth of the time.
const withoutSyncs = droppingSyncFileSystem(nodeFileSystem, () => true);
const endpoint = (path: string) => ({ kind: 'file', path }) as const;
const services = { fileSystem: { ...withoutSyncs, endpoint }, drivers: chosenDrivers() };

/** A fresh repository in a temporary folder. */
export async function openFixture(): Promise<RepositoryFixture> {
  const path = await mkdtemp(join(tmpdir(), 'sendense-repository-'));
  return {
    repository: await createLocalRepository({ path }, services),
    reopen: () => openLocalRepository({ path }, services),
    stored: () => storedFiles(path),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}
