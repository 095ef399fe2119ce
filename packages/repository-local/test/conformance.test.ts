import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryConformance, storedFiles } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { capabilities } from '../src/capabilities.ts';
import { createLocalRepository, openLocalRepository } from '../src/repository-local.ts';

repositoryConformance(
  { describe, it },
  {
    name: 'repository-local',
    capabilities,
    reader: { order: 'random', locate: true, digests: true },
    async open() {
      const path = await mkdtemp(join(tmpdir(), 'sendense-repository-'));
      const repository = await createLocalRepository({ path });
      const remove = () => rm(path, { recursive: true });
      return {
        repository,
        reopen: () => openLocalRepository({ path }),
        stored: () => storedFiles(path),
        [Symbol.asyncDispose]: remove,
      };
    },
  },
);
