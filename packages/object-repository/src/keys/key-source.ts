import type { Secret } from '@sendense/core';

/** Who wraps and unwraps the master key elsewhere: a key management service, a token, a file of the caller. */
export interface KeyProvider {
  /** Says in the key slot whose key it is; at most 256 characters, no secret. */
  readonly name: string;
  /** What only `unwrap` turns back; at most 16 KiB. */
  wrap(key: Uint8Array): Promise<Uint8Array>;
  /** The key of what `wrap` gave. Rejects with `KEY_UNAVAILABLE` or `AUTHENTICATION_FAILED`. */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array>;
}

/** What opens a repository. */
export type KeySource = { readonly passphrase: Secret } | { readonly provider: KeyProvider };
