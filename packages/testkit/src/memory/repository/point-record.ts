import { type DiskId, type PointId, type RecoveryPoint, SendenseError } from '@sendense/core';
import type { Blake3 } from '@sendense/plugin-kit/digest';
import type { MemoryStore } from './memory-store.ts';
import { type PieceTable, pieceKey } from './piece-table.ts';
import { parseSealed, serializeSealed } from './sealed-json.ts';

/** The commit record of a point: the one object whose creation commits it. */
export type PointRecord = {
  readonly point: RecoveryPoint;
  readonly tables: ReadonlyMap<DiskId, PieceTable>;
  /** Digests of the artifacts, in the order of `point.artifacts`. */
  readonly artifacts: readonly { readonly digest: string; readonly sensitive: boolean }[];
};

/** Where the record of a point lies. One name a sequence number, so a sequence is committed once. */
export function recordKey(point: Pick<RecoveryPoint, 'machine' | 'stream' | 'sequence'>): string {
  return `points/${point.machine}/${point.stream}/${String(point.sequence).padStart(10, '0')}`;
}

/** The record as bytes. */
export function serializeRecord(record: PointRecord, blake3: Blake3): Uint8Array {
  const tables = [...record.tables].map(([id, table]) => [id, [...table]]);
  return serializeSealed({ schema: 'memory-point/1', ...record, tables }, blake3);
}

/** Reads a record; throws `CORRUPT` when any bit of it changed. */
export function parseRecord(key: string, bytes: Uint8Array, blake3: Blake3): PointRecord {
  const { point, tables, artifacts } = parseSealed(key, bytes, blake3) as {
    readonly point: RecoveryPoint & { readonly at: string };
    readonly tables: readonly [DiskId, readonly [number, string][]][];
    readonly artifacts: PointRecord['artifacts'];
  };
  return {
    point: { ...point, at: new Date(point.at) },
    tables: new Map(tables.map(([id, table]) => [id, new Map(table)])),
    artifacts,
  };
}

/** Every committed record, oldest first. Throws `CORRUPT` on a damaged one: nobody may guess around it. */
export function readRecords(store: MemoryStore, blake3: Blake3): PointRecord[] {
  return [...store.objects]
    .filter(([key]) => key.startsWith('points/'))
    .map(([key, bytes]) => parseRecord(key, bytes, blake3))
    .sort((a, b) => a.point.at.getTime() - b.point.at.getTime() || a.point.sequence - b.point.sequence);
}

/** The record of a point; throws `NOT_FOUND` when there is none. */
export function readRecord(store: MemoryStore, id: PointId, blake3: Blake3): PointRecord {
  const record = readRecords(store, blake3).find(({ point }) => point.id === id);
  if (record !== undefined) return record;
  throw new SendenseError('NOT_FOUND', `there is no point ${id} in this repository`, {
    operation: 'read-point',
    context: { point: id },
    remedy: 'list the points to see which exist',
  });
}

/** The objects that a record names besides itself. */
export function* objectsOf(record: PointRecord): Generator<string> {
  for (const table of record.tables.values()) for (const digest of table.values()) yield pieceKey(digest);
  for (const { digest } of record.artifacts) yield pieceKey(digest);
}

/** Removes the pieces that no record and no open writer names; resolves nothing and never guesses around damage. */
export function sweepUnused(store: MemoryStore, blake3: Blake3): void {
  store.sweep(new Set(readRecords(store, blake3).flatMap((record) => [...objectsOf(record)])));
}
