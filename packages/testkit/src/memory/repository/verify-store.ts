import { type Finding, SendenseError, type VerifyScope } from '@sendense/core';
import type { Blake3 } from '@sendense/plugin-kit/digest';
import type { MemoryStore } from './memory-store.ts';
import { objectsOf, type PointRecord, parseRecord } from './point-record.ts';
import { parseSealed } from './sealed-json.ts';

/** Yields one `error` finding for each object of the scope that is damaged or missing. */
export function* verifyStore(store: MemoryStore, scope: VerifyScope, blake3: Blake3): Generator<Finding> {
  const checked = new Set<string>();
  for (const [key, bytes] of store.objects) {
    const found = key.startsWith('pieces/') ? undefined : checkSealed(key, bytes, blake3);
    if (found !== undefined) yield found;
  }
  for (const record of readableRecords(store, blake3)) {
    if (scope.points !== undefined && !scope.points.includes(record.point.id)) continue;
    for (const key of objectsOf(record)) {
      if (checked.has(key)) continue;
      checked.add(key);
      const found = checkPiece(key, store.objects.get(key), scope.depth, blake3);
      if (found !== undefined) yield found;
    }
  }
}

function checkSealed(key: string, bytes: Uint8Array, blake3: Blake3): Finding | undefined {
  try {
    parseSealed(key, bytes, blake3);
    return undefined;
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    return { severity: 'error', code: 'record-damaged', message: error.message, object: key };
  }
}

function checkPiece(
  key: string,
  bytes: Uint8Array | undefined,
  depth: VerifyScope['depth'],
  blake3: Blake3,
): Finding | undefined {
  if (bytes === undefined) {
    return { severity: 'error', code: 'piece-missing', message: `${key} is not there`, object: key };
  }
  if (depth === 'structure' || key === `pieces/${Buffer.from(blake3(bytes)).toString('hex')}`)
    return undefined;
  return {
    severity: 'error',
    code: 'piece-damaged',
    message: `${key} does not match its digest`,
    object: key,
  };
}

function* readableRecords(store: MemoryStore, blake3: Blake3): Generator<PointRecord> {
  for (const [key, bytes] of store.objects) {
    if (key.startsWith('points/') && checkSealed(key, bytes, blake3) === undefined) {
      yield parseRecord(key, bytes, blake3);
    }
  }
}
