import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Bytes that encryption adds: the nonce before, the tag behind. */
export const GCM_BYTES = NONCE_BYTES + TAG_BYTES;

/**
 * `nonce 12 ‖ ciphertext ‖ tag 16` by AES-256-GCM (NIST SP 800-38D). The nonce is random, never derived: one key is good for 2^32
 * encryptions. `associated` is authenticated, and not stored.
 */
export function encrypt(key: Uint8Array, content: Uint8Array, associated: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(associated);
  const encrypted = cipher.update(content);
  cipher.final();
  return Buffer.concat([nonce, encrypted, cipher.getAuthTag()]);
}

/** The content of what {@link encrypt} made, which has `GCM_BYTES` at least. Throws for another key or `associated`, or a changed byte. */
export function decrypt(key: Uint8Array, encrypted: Uint8Array, associated: Uint8Array): Buffer {
  const end = encrypted.byteLength - TAG_BYTES;
  const nonce = encrypted.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(associated)
    .setAuthTag(encrypted.subarray(end));
  const content = decipher.update(encrypted.subarray(NONCE_BYTES, end));
  decipher.final();
  return content;
}
