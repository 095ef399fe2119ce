import {
  type Artifact,
  type BlockReader,
  type ByteRange,
  type Changes,
  type DiskView,
  type PointDisk,
  type PointReader,
  SendenseError,
} from '@sendense/core';
import type { Blake3 } from '@sendense/plugin-kit/digest';
import { Lifetime } from '../lifetime.ts';
import type { MemoryStore } from './memory-store.ts';
import { type PieceTable, pieceKey, piecesOf, tableDifference, tableExtents } from './piece-table.ts';
import type { PointRecord } from './point-record.ts';

/** What a point reader reads. */
export type MemoryPointReaderOptions = {
  readonly store: MemoryStore;
  readonly record: PointRecord;
  /** The point that `changes` are since, if it is there. */
  readonly since: PointRecord | undefined;
  readonly pieceBytes: number;
  readonly blake3: Blake3;
};

/** Opens a point. It keeps the bytes it was opened with, whatever prune does to the store. */
export function openMemoryPointReader(options: MemoryPointReaderOptions): PointReader {
  const { record, blake3 } = options;
  const lifetime = new Lifetime('memory point');
  const objects = new Map(options.store.objects);
  const load = (digest: string): Uint8Array => {
    const bytes = objects.get(pieceKey(digest));
    if (bytes !== undefined && Buffer.from(blake3(bytes)).toString('hex') === digest) return bytes;
    throw new SendenseError('CORRUPT', `piece ${digest} of point ${record.point.id} is damaged or missing`, {
      operation: 'read-point',
      context: { object: pieceKey(digest), point: record.point.id },
      remedy: 'run verify to see what is damaged, and restore another point',
    });
  };
  const view = (disk: PointDisk): DiskView => {
    const table = record.tables.get(disk.id) ?? new Map();
    const reader = openPieceReader(disk.sizeBytes, table, load, options.pieceBytes, lifetime);
    return { ...disk, reader, changes: changesOf(disk, table, options) };
  };
  return {
    point: record.point,
    disks: record.point.disks.map(view),
    artifacts: record.point.artifacts.map(({ name, sizeBytes }, index): Artifact => {
      const { digest = '', sensitive = false } = record.artifacts[index] ?? {};
      return {
        name,
        sizeBytes,
        sensitive,
        async bytes(call) {
          await lifetime.enter('read-artifact', call);
          return Uint8Array.from(load(digest));
        },
      };
    }),
    async [Symbol.asyncDispose]() {
      lifetime.close();
    },
  };
}

/** The bytes that a table names. Closed with its point, or alone. */
function openPieceReader(
  sizeBytes: number,
  table: PieceTable,
  load: (digest: string) => Uint8Array,
  pieceBytes: number,
  point: Lifetime,
): BlockReader {
  const own = new Lifetime('disk of a memory point');
  const check = (operation: string, call?: Parameters<BlockReader['read']>[2]): void => {
    point.check(operation, call);
    own.check(operation, call);
  };
  return {
    sizeBytes,
    limits: { alignmentBytes: 1, maxBytes: 16 * pieceBytes, maxInFlight: 16, order: 'random' },
    async read(offset, into, call) {
      await own.enter('read', call);
      check('read', call);
      for (const { index, within, at, length } of piecesOf({ offset, length: into.byteLength }, pieceBytes)) {
        const digest = table.get(index);
        const part = into.subarray(at, at + length);
        if (digest === undefined) part.fill(0);
        else part.set(load(digest).subarray(within, within + length));
      }
    },
    async *extents(range: ByteRange, call) {
      for (const extent of tableExtents(table, range, pieceBytes)) {
        check('extents', call);
        yield extent;
      }
    },
    digestPieceBytes: pieceBytes,
    async *digests(pieces, call) {
      for await (const { offset } of pieces) {
        check('digests', call);
        yield Uint8Array.from(Buffer.from(table.get(offset / pieceBytes) ?? '', 'hex'));
      }
    },
    async [Symbol.asyncDispose]() {
      own.close();
    },
  };
}

function changesOf(disk: PointDisk, table: PieceTable, options: MemoryPointReaderOptions): Changes {
  const { since, record, pieceBytes } = options;
  if (since === undefined) {
    return { kind: 'full', reason: 'requested', detail: 'no earlier point was named, or it is gone' };
  }
  const before = since.tables.get(disk.id);
  const sinceBytes = since.point.disks.find(({ id }) => id === disk.id)?.sizeBytes ?? 0;
  if (before === undefined || since.point.machine !== record.point.machine) {
    return {
      kind: 'full',
      reason: 'parent-missing',
      detail: `point ${since.point.id} does not hold this disk`,
    };
  }
  if (sinceBytes > disk.sizeBytes) {
    return { kind: 'full', reason: 'disk-resized', detail: `the disk had ${sinceBytes} bytes` };
  }
  const sizes = { sinceBytes, nowBytes: disk.sizeBytes };
  return {
    kind: 'incremental',
    since: since.point.instant,
    async *extents() {
      yield* tableDifference(before, table, sizes, pieceBytes);
    },
  };
}
