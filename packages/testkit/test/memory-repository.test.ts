import type { Repository } from '@sendense/core';
import { describe, it } from 'vitest';
import {
  createMemoryRepository,
  type MemoryRepositoryOptions,
  memoryRepositoryCapabilities,
  overlay,
  repositoryConformance,
  storedObjects,
} from '../src/index.ts';

const none = { incremental: false, branching: false, growDisk: false };
const variants: Readonly<Record<string, MemoryRepositoryOptions>> = {
  'memory, any order': {},
  'memory, forward only': { order: 'ascending', rewritable: false, pieceBytes: 4096 },
  'memory, fulls only': { capabilities: none },
};

for (const [name, options] of Object.entries(variants)) {
  repositoryConformance(
    { describe, it },
    {
      name,
      capabilities: { ...memoryRepositoryCapabilities, ...options.capabilities },
      reader: { order: 'random', locate: false, digests: true },
      async open() {
        const repository = await createMemoryRepository(options);
        const { store } = repository;
        const reopen = () => createMemoryRepository({ ...options, store });
        return { repository, reopen, stored: async () => storedObjects(store) };
      },
    },
  );
}

function bare(repository: Repository): Repository {
  const { maintenance } = repository;
  if (maintenance === undefined) return repository;
  const less = overlay(maintenance, { annotate: undefined, consolidate: undefined });
  return overlay(repository, { maintenance: less });
}

repositoryConformance(
  { describe, it },
  {
    name: 'memory, without holds, notes and consolidation',
    capabilities: memoryRepositoryCapabilities,
    offers: { annotate: false, consolidate: false },
    reader: { order: 'random', locate: false, digests: true },
    async open() {
      const repository = await createMemoryRepository();
      const { store } = repository;
      const reopen = async () => bare(await createMemoryRepository({ store }));
      return { repository: bare(repository), reopen, stored: async () => storedObjects(store) };
    },
  },
);
