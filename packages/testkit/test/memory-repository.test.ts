import { describe, it } from 'vitest';
import {
  createMemoryRepository,
  type MemoryRepositoryOptions,
  type MemoryStore,
  memoryRepositoryCapabilities,
  repositoryConformance,
  type StoredObject,
} from '../src/index.ts';

const none = { incremental: false, branching: false, growDisk: false };
const variants: Readonly<Record<string, MemoryRepositoryOptions>> = {
  'memory, any order': {},
  'memory, forward only': { order: 'ascending', rewritable: false, pieceBytes: 4096 },
  'memory, fulls only': { capabilities: none },
};

function objects({ objects: all }: MemoryStore): StoredObject[] {
  return [...all.keys()].map((name) => ({
    name,
    read: async () => all.get(name) ?? new Uint8Array(),
    write: async (bytes) => void all.set(name, Uint8Array.from(bytes)),
  }));
}

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
        return { repository, reopen, stored: async () => objects(store) };
      },
    },
  );
}
