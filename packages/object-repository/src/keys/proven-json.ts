import { timingSafeEqual } from 'node:crypto';
import { SendenseError } from '@sendense/core';
import { hmac } from './repository-keys.ts';

/** The most bytes of a configuration or key slot. */
export const MAX_PROVEN_BYTES = 64 * 1024;

/** `fields` as JSON with a `proof` by `key`; see the format, section 3.1. */
export function serializeProven(fields: object, key: Uint8Array): Uint8Array {
  const proof = hmac(key, JSON.stringify(fields)).toString('hex');
  return Buffer.from(JSON.stringify({ ...fields, proof }));
}

/** A record whose proof is still to be checked. */
export type ClaimedRecord = { readonly fields: Readonly<Record<string, unknown>>; readonly proof: unknown };

/** Splits a record from its proof. Throws `CORRUPT` naming `object` for what is no JSON object. */
export function parseClaimed(bytes: Uint8Array, object: string): ClaimedRecord {
  try {
    if (bytes.byteLength > MAX_PROVEN_BYTES) throw new TypeError('too long');
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
      const { proof, ...fields }: { proof?: unknown } = json;
      return { fields, proof };
    }
  } catch {
    // told below: the words of the parser help nobody
  }
  throw damagedObject(object, 'is not a record of an object repository');
}

/** Whether the record was written by who has `key`. */
export function isProven({ fields, proof }: ClaimedRecord, key: Uint8Array): boolean {
  const expected = hmac(key, JSON.stringify(fields));
  const claimed = Buffer.from(typeof proof === 'string' ? proof : '', 'hex');
  return claimed.byteLength === expected.byteLength && timingSafeEqual(claimed, expected);
}

/** The error of an object that is not what was stored under its key. */
export function damagedObject(object: string, what: string, cause?: unknown): SendenseError {
  return new SendenseError('CORRUPT', `the object ${object} ${what}`, {
    operation: 'read-object',
    remedy: 'run verify to see which points are hurt; a copy of the repository can give the object back',
    context: { object },
    cause,
  });
}
