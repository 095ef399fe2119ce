import { createHmac, hkdfSync } from 'node:crypto';

/** Bytes of the master key and of every key made from it. */
export const KEY_BYTES = 32;

/** The keys of a repository, made from its master key; see the format, section 2. */
export type RepositoryKeys = {
  readonly id: Uint8Array;
  readonly data: Uint8Array;
  readonly seal: Uint8Array;
  readonly name: Uint8Array;
  readonly proof: Uint8Array;
};

/** Makes the keys of the repository of that id. */
export function deriveKeys(masterKey: Uint8Array, repositoryId: string): RepositoryKeys {
  const derive = (purpose: string) => hkdf(masterKey, repositoryId, `sendense/1/${purpose}`);
  return {
    id: derive('chunk-id'),
    data: derive('chunk-data'),
    seal: derive('seal'),
    name: derive('name'),
    proof: derive('proof'),
  };
}

/** The 32 bytes that HKDF-SHA256 (RFC 5869) makes of a secret. */
export function hkdf(secret: Uint8Array, salt: Uint8Array | string, info: Uint8Array | string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, info, KEY_BYTES));
}

/** HMAC-SHA256 of `data`. */
export function hmac(key: Uint8Array, data: Uint8Array | string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

const TAG_BYTES = 16;

/** A name that tells nothing of its parts to whoever lacks the key: 32 hex digits. */
export function nameTag({ name }: Pick<RepositoryKeys, 'name'>, ...parts: readonly string[]): string {
  return hmac(name, parts.join('\0')).subarray(0, TAG_BYTES).toString('hex');
}
