import { createBLAKE3 } from 'hash-wasm';

/** Bytes of a BLAKE3-256 digest. */
export const DIGEST_BYTES = 32;

/** The BLAKE3-256 digest of `data`: 32 bytes, new for each call. */
export type Blake3 = (data: Uint8Array) => Uint8Array;

let loaded: Promise<Blake3> | undefined;

/** Loads the portable BLAKE3 (WebAssembly) once. Calls are synchronous after that. */
export function loadBlake3(): Promise<Blake3> {
  loaded ??= createBLAKE3().then((hasher) => (data) => hasher.init().update(data).digest('binary'));
  return loaded;
}
