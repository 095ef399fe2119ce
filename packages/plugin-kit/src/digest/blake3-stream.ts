import { createBLAKE3 } from 'hash-wasm';

/** A BLAKE3-256 digest made piece by piece; calls are synchronous. */
export interface Blake3Stream {
  /** Adds `data`, which may be reused after the call. */
  update(data: Uint8Array): void;
  /** The 32-byte digest of everything since the start or the last `digest`, and starts anew. */
  digest(): Uint8Array;
}

/** A digest of its own, for data that comes in pieces; see `loadBlake3` for whole buffers. */
export async function createBlake3Stream(): Promise<Blake3Stream> {
  const hasher = await createBLAKE3();
  hasher.init();
  return {
    update: (data) => {
      hasher.update(data);
    },
    digest: () => {
      const digest = hasher.digest('binary');
      hasher.init();
      return digest;
    },
  };
}
