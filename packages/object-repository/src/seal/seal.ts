import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { damagedObject } from '../keys/proven-json.ts';

const MAGIC = Buffer.from('SNDO');
const VERSION = 1;
const HEADER_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

/** Bytes that sealing adds. */
export const SEAL_BYTES = HEADER_BYTES + NONCE_BYTES + TAG_BYTES;

/** What a sealed object is; see the format, section 3.3. */
export const SEALED = {
  point: 1,
  index: 2,
  directory: 3,
  number: 4,
  plan: 5,
  lock: 6,
  damage: 7,
  progress: 8,
  removal: 9,
} as const;

/** A kind of sealed object. */
export type SealedKind = keyof typeof SEALED;

/** Seals and opens the objects of one repository. */
export interface Sealer {
  /** The object to store at `key`. */
  seal(kind: SealedKind, key: string, content: Uint8Array): Uint8Array;
  /** Its content. Throws `CORRUPT` unless it was sealed as this kind at this key of this repository. */
  open(kind: SealedKind, key: string, bytes: Uint8Array): Uint8Array;
}

/** A sealer with the seal key of the repository of that id. */
export function createSealer(sealKey: Uint8Array, repositoryId: string): Sealer {
  const associated = (header: Uint8Array, key: string): Buffer =>
    Buffer.concat([header, Buffer.from(`${repositoryId}\0${key}`)]);
  return {
    seal(kind, key, content) {
      const header = headerOf(kind);
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, sealKey, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(associated(header, key));
      const encrypted = cipher.update(content);
      cipher.final();
      return Buffer.concat([header, nonce, encrypted, cipher.getAuthTag()]);
    },
    open(kind, key, bytes) {
      const header = headerOf(kind);
      const end = bytes.byteLength - TAG_BYTES;
      if (end < HEADER_BYTES + NONCE_BYTES || !header.equals(bytes.subarray(0, HEADER_BYTES)))
        throw damagedObject(key, `is not a sealed ${kind}, or of a newer version`);
      const nonce = bytes.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES);
      const decipher = createDecipheriv(CIPHER, sealKey, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(associated(header, key)).setAuthTag(bytes.subarray(end));
      const content = decipher.update(bytes.subarray(HEADER_BYTES + NONCE_BYTES, end));
      try {
        decipher.final();
      } catch (cause) {
        throw damagedObject(key, 'was changed, or belongs elsewhere', cause);
      }
      return content;
    },
  };
}

/** The tag of a sealed object, 32 hex digits: no two objects share it, because each is sealed with a nonce of its own. */
export function sealTag(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(-TAG_BYTES)).toString('hex');
}

function headerOf(kind: SealedKind): Buffer {
  return Buffer.concat([MAGIC, Uint8Array.of(VERSION, SEALED[kind], 0, 0)]);
}
