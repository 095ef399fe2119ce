import type { KeyProvider, KeySource } from '../src/keys/key-source.ts';

/** A key provider that wraps by nothing: fast, and for tests only. */
export const plainProvider: KeyProvider = {
  name: 'test',
  wrap: async (key) => Uint8Array.from(key),
  unwrap: async (wrapped) => Uint8Array.from(wrapped),
};

/** Opens what `plainProvider` wrapped. */
export const testKey: KeySource = { provider: plainProvider };
