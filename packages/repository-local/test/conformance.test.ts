import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { droppingSyncFileSystem, repositoryConformance, storedFiles } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { capabilities } from '../src/capabilities.ts';
import { createLocalRepository, openLocalRepository } from '../src/repository-local.ts';

// A power loss has its own tests; without syncs these take a tenth of the time.
const fileSystem = droppingSyncFileSystem(nodeFileSystem, () => true);

repositoryConformance(
  { describe, it },
  {
    name: 'repository-local',
    capabilities,
    reader: { order: 'random', locate: true, digests: true },
    async open() {
      const path = await mkdtemp(join(tmpdir(), 'sendense-repository-'));
      const repository = await createLocalRepository({ path }, { fileSystem });
      const remove = () => rm(path, { recursive: true });
      return {
        repository,
        reopen: () => openLocalRepository({ path }, { fileSystem }),
        stored: () => storedFiles(path),
        [Symbol.asyncDispose]: remove,
      };
    },
  },
);
