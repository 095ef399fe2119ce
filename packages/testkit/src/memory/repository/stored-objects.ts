import type { StoredObject } from '../../conformance/repository/repository-subject.ts';
import type { MemoryStore } from './memory-store.ts';

/** Every object of a store, as the kit's cases flip their bits. */
export function storedObjects({ objects }: MemoryStore): readonly StoredObject[] {
  return [...objects.keys()].map((name) => ({
    name,
    read: async () => objects.get(name) ?? new Uint8Array(),
    write: async (bytes) => void objects.set(name, Uint8Array.from(bytes)),
  }));
}
