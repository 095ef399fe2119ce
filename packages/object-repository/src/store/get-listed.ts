import { type Call, SendenseError } from '@sendense/core';
import { damagedObject } from '../keys/proven-json.ts';
import { MAX_RECORD_BYTES } from '../records/sealed-json.ts';
import { SEAL_BYTES } from '../seal/seal.ts';
import type { ListedObject, ObjectStore } from './object-store.ts';

/** No sealed object is larger: no manifest, index object, plan or other record. */
export const MAX_SEALED_BYTES = MAX_RECORD_BYTES + SEAL_BYTES;

/** An object and how large the store says that it is. */
export type Sized = Pick<ListedObject, 'key' | 'sizeBytes'>;

/** A whole object that is never larger than `mostBytes`; one that is said to be larger is not fetched: `CORRUPT`. */
export async function getListed(
  store: ObjectStore,
  { key, sizeBytes }: Sized,
  mostBytes: number,
  call?: Call,
): Promise<Uint8Array> {
  if (sizeBytes > mostBytes) throw damagedObject(key, `has ${sizeBytes} bytes, more than it can have`);
  try {
    return await store.get(key, { offset: 0, length: sizeBytes }, call);
  } catch (error) {
    throw SendenseError.is(error, 'RANGE_INVALID')
      ? damagedObject(key, 'is shorter than it was', error)
      : error;
  }
}

/** A whole sealed record; see {@link getListed}. */
export function getRecord(store: ObjectStore, listed: Sized, call?: Call): Promise<Uint8Array> {
  return getListed(store, listed, MAX_SEALED_BYTES, call);
}

/** As {@link getListed}, of an object that was not listed. Rejects with `NOT_FOUND` when there is none. */
export async function getSmall(
  store: ObjectStore,
  key: string,
  mostBytes: number,
  call?: Call,
): Promise<Uint8Array> {
  const status = await store.head(key, call);
  if (status === undefined)
    throw new SendenseError('NOT_FOUND', `there is no object ${key}`, { operation: 'get-object' });
  return getListed(store, { key, sizeBytes: status.sizeBytes }, mostBytes, call);
}
