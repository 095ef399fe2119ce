import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

/**
 * A frame: 12 bytes of nonce, the encrypted body, 16 bytes of tag (AES-256-GCM, NIST SP 800-38D). The nonce is random: one
 * made of the chunk would repeat with it. One key is good for 2^32 frames.
 */
export function sealBody(body: Uint8Array, key: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  const encrypted = cipher.update(body);
  cipher.final();
  return Buffer.concat([nonce, encrypted, cipher.getAuthTag()]);
}

/** The body of a frame. Throws when the frame is not whole, or of another key. */
export function openBody(frame: Uint8Array, key: Uint8Array): Uint8Array {
  if (frame.byteLength < NONCE_BYTES + TAG_BYTES) throw new TypeError('a frame is too short');
  const end = frame.byteLength - TAG_BYTES;
  const nonce = frame.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(frame.subarray(end));
  const body = decipher.update(frame.subarray(NONCE_BYTES, end));
  decipher.final();
  return body;
}
