import { damagedObject } from '../keys/proven-json.ts';
import { decrypt, encrypt, GCM_BYTES } from './aes-gcm.ts';

const MAGIC = Buffer.from('SNDO');
const VERSION = 1;
const HEADER_BYTES = 8;
const TAG_BYTES = 16;

/** Bytes that sealing adds. */
export const SEAL_BYTES = HEADER_BYTES + GCM_BYTES;

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
      return Buffer.concat([header, encrypt(sealKey, content, associated(header, key))]);
    },
    open(kind, key, bytes) {
      const header = headerOf(kind);
      if (bytes.byteLength < SEAL_BYTES || !header.equals(bytes.subarray(0, HEADER_BYTES)))
        throw damagedObject(key, `is not a sealed ${kind}, or of a newer version`);
      try {
        return decrypt(sealKey, bytes.subarray(HEADER_BYTES), associated(header, key));
      } catch (cause) {
        throw damagedObject(key, 'was changed, or belongs elsewhere', cause);
      }
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
