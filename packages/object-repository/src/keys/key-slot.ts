import { randomBytes, scrypt } from 'node:crypto';
import { SendenseError } from '@sendense/core';
import { z } from 'zod';
import { decrypt, encrypt, GCM_BYTES } from '../seal/aes-gcm.ts';
import type { KeySource } from './key-source.ts';
import { type ClaimedRecord, damagedObject, serializeProven } from './proven-json.ts';
import { KEY_BYTES, type RepositoryKeys } from './repository-keys.ts';

const SALT_BYTES = 32;
/** Of scrypt, as powers of two: 16 MiB to 1 GiB of memory for each guess. */
export const SCRYPT_COST_LOG2 = { least: 14, default: 17, most: 20 };
const BLOCK_SIZE = 8;

const hex = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^(?:[0-9a-f]{2})+$/);
const everySlot = {
  format: z.literal('sendense-key-slot'),
  version: z.literal(1),
  label: z.string().max(256),
  wrapped: hex(32_768),
};
const schema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...everySlot,
    kind: z.literal('scrypt'),
    salt: hex(SALT_BYTES * 2).length(SALT_BYTES * 2),
    costLog2: z.int().min(SCRYPT_COST_LOG2.least).max(SCRYPT_COST_LOG2.most),
    blockSize: z.literal(BLOCK_SIZE),
    parallel: z.literal(1),
  }),
  z.strictObject({ ...everySlot, kind: z.literal('provider'), provider: z.string().max(256) }),
]);

/** A key slot; see the format, section 3.2. */
export type KeySlot = Readonly<z.infer<typeof schema>>;

/** Where a slot belongs: what its wrapped key is bound to. */
export type SlotPlace = { readonly repositoryId: string; readonly object: string };

/** What a new slot says of itself. */
export type NewSlot = { readonly label: string; readonly costLog2: number };

/** The fields of a slot whose proof cannot be checked before it is opened. Throws `CORRUPT`, `FORMAT_UNSUPPORTED`. */
export function parseKeySlot({ fields }: ClaimedRecord, object: string): KeySlot {
  if (typeof fields.version === 'number' && fields.version > 1) {
    throw new SendenseError('FORMAT_UNSUPPORTED', `the key slot ${object} is of a newer version`, {
      operation: 'open-repository',
      remedy: 'use the version of Sendense that wrote it, or a newer one',
      context: { object },
    });
  }
  const parsed = schema.safeParse(fields);
  if (parsed.success) return parsed.data;
  throw damagedObject(object, `is no key slot: ${parsed.error.issues[0]?.path.join('.') ?? ''}`);
}

/** The bytes of a new slot that `source` opens. */
export async function serializeKeySlot(
  masterKey: Uint8Array,
  keys: RepositoryKeys,
  source: KeySource,
  { label, costLog2 }: NewSlot,
  place: SlotPlace,
): Promise<Uint8Array> {
  const common = { format: 'sendense-key-slot', version: 1, label };
  if ('provider' in source) {
    const wrapped = Buffer.from(await source.provider.wrap(masterKey)).toString('hex');
    const fields = { ...common, kind: 'provider', provider: source.provider.name, wrapped };
    return serializeProven(schema.parse(fields), keys.proof);
  }
  const salt = randomBytes(SALT_BYTES);
  const key = await stretch(source.passphrase.reveal(), salt, costLog2);
  const wrapped = encrypt(key, masterKey, associated(place)).toString('hex');
  const cost = { salt: salt.toString('hex'), costLog2, blockSize: BLOCK_SIZE, parallel: 1 };
  return serializeProven(schema.parse({ ...common, kind: 'scrypt', ...cost, wrapped }), keys.proof);
}

/** The master key of a slot; `undefined` when the slot is for another kind of source or another passphrase. */
export async function openKeySlot(
  slot: KeySlot,
  source: KeySource,
  place: SlotPlace,
): Promise<Uint8Array | undefined> {
  const wrapped = Buffer.from(slot.wrapped, 'hex');
  if (slot.kind === 'provider') {
    if (!('provider' in source) || source.provider.name !== slot.provider) return undefined;
    return source.provider.unwrap(wrapped);
  }
  if (!('passphrase' in source)) return undefined;
  const key = await stretch(source.passphrase.reveal(), Buffer.from(slot.salt, 'hex'), slot.costLog2);
  return unwrapKey(wrapped, key, place);
}

/** scrypt of RFC 7914, r = 8 and p = 1. */
export function stretch(passphrase: string, salt: Uint8Array, costLog2: number): Promise<Buffer> {
  const N = 2 ** costLog2;
  const options = { N, r: BLOCK_SIZE, p: 1, maxmem: 256 * N * BLOCK_SIZE };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, KEY_BYTES, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

function associated({ repositoryId, object }: SlotPlace): Buffer {
  return Buffer.from(`sendense/1/slot\0${repositoryId}\0${object}`);
}

function unwrapKey(wrapped: Uint8Array, key: Uint8Array, place: SlotPlace): Uint8Array | undefined {
  if (wrapped.byteLength !== KEY_BYTES + GCM_BYTES) return undefined;
  try {
    return decrypt(key, wrapped, associated(place));
  } catch {
    return undefined; // another passphrase, or a slot that was changed
  }
}
