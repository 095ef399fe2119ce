import { type Call, SendenseError } from '@sendense/core';
import { damagedObject } from '../keys/proven-json.ts';
import { packKey } from '../layout/object-keys.ts';
import type { Sealer } from '../seal/seal.ts';
import type { ObjectStore } from '../store/object-store.ts';
import type { PackEntry } from './pack-directory.ts';
import { MAX_PACK_BYTES, PACK_TAIL_BYTES, parseDirectory, parsePackTail } from './pack-layout.ts';

/** So much of a pack's end holds its directory, tail and all, almost always. */
const LIKELY_BYTES = 64 * 1024;

/** The entries of a stored pack by its own directory. Rejects with `CORRUPT`, or as the store does. */
export async function readDirectory(
  store: ObjectStore,
  sealer: Sealer,
  id: string,
  sizeBytes: number,
  call?: Call,
): Promise<readonly PackEntry[]> {
  const key = packKey(id);
  if (sizeBytes < PACK_TAIL_BYTES || sizeBytes > MAX_PACK_BYTES)
    throw damagedObject(key, `has ${sizeBytes} bytes, as no pack has`);
  const likely = Math.min(sizeBytes, LIKELY_BYTES);
  const end = await getExactly(store, key, sizeBytes - likely, likely, call);
  const { offset, length } = parsePackTail(end.subarray(likely - PACK_TAIL_BYTES), sizeBytes, key);
  const start = offset - (sizeBytes - likely);
  const directory =
    start >= 0 ? end.subarray(start, start + length) : await getExactly(store, key, offset, length, call);
  return parseDirectory(directory, offset, key, sealer);
}

async function getExactly(
  store: ObjectStore,
  key: string,
  offset: number,
  length: number,
  call?: Call,
): Promise<Uint8Array> {
  try {
    return await store.get(key, { offset, length }, call);
  } catch (error) {
    if (SendenseError.is(error, 'RANGE_INVALID')) throw damagedObject(key, 'is shorter than it was', error);
    throw error;
  }
}
