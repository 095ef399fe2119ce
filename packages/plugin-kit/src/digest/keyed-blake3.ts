import { createBLAKE3 } from 'hash-wasm';
import type { Blake3 } from './blake3.ts';

/** The BLAKE3-256 of the keyed mode, with a `key` of 32 bytes. Calls are synchronous after it is loaded. */
export async function loadKeyedBlake3(key: Uint8Array): Promise<Blake3> {
  const hasher = await createBLAKE3(256, Uint8Array.from(key));
  return (data) => hasher.init().update(data).digest('binary');
}
