import { SendenseError } from '@sendense/core';
import type { z } from 'zod';
import { damagedObject } from '../keys/proven-json.ts';
import type { SealedKind, Sealer } from '../seal/seal.ts';

/** The most bytes of a sealed record. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/** A kind of sealed record. */
export type RecordType<T> = { readonly kind: SealedKind; readonly schema: z.ZodType<T> };

/**
 * The object of a record at `key`. Throws `CONFIG_INVALID` for fields that could not be read back: too many, or not what
 * the record holds.
 */
export function sealRecord<T>(sealer: Sealer, type: RecordType<T>, key: string, fields: object): Uint8Array {
  const json = Buffer.from(JSON.stringify(fields));
  if (json.byteLength > MAX_RECORD_BYTES) throw wrongFields(type, `it would take ${json.byteLength} bytes`);
  const parsed = parseFields(type, JSON.parse(json.toString()));
  if (typeof parsed === 'string') throw wrongFields(type, parsed);
  return sealer.seal(type.kind, key, json);
}

/** The record of the object at `key`. Throws `CORRUPT`. */
export function openRecord<T>(sealer: Sealer, type: RecordType<T>, key: string, bytes: Uint8Array): T {
  const content = sealer.open(type.kind, key, bytes);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch (cause) {
    throw damagedObject(key, `is no ${type.kind}`, cause);
  }
  const parsed = parseFields(type, json);
  if (typeof parsed === 'string') throw damagedObject(key, `is no ${type.kind}: ${parsed}`);
  return parsed.data;
}

function parseFields<T>(type: RecordType<T>, json: unknown): { readonly data: T } | string {
  try {
    const parsed = type.schema.safeParse(json);
    if (parsed.success) return { data: parsed.data };
    const [issue] = parsed.error.issues;
    return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
  } catch (error) {
    if (SendenseError.is(error)) return error.message; // ids are checked by functions that throw
    throw error;
  }
}

function wrongFields<T>({ kind }: RecordType<T>, what: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `not a valid ${kind}: ${what}`, {
    operation: 'write-record',
    remedy: 'correct the machine model, state or note that the source or caller gave',
  });
}
