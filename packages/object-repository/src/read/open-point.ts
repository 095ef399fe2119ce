import {
  type Artifact,
  type Call,
  type Changes,
  type DiskView,
  type PointId,
  type PointReader,
  SendenseError,
} from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { mapChanges } from '../map/map-changes.ts';
import { openMap } from '../map/open-map.ts';
import {
  type PointRecord,
  type RecordArtifact,
  type RecordDisk,
  toRecoveryPoint,
} from '../records/point-record.ts';
import { DiskReader } from './disk-reader.ts';
import { latePoint } from './point-catalog.ts';

/**
 * Opens a point; see `Repository.open`. Its chunks stay for the grace of the repository from now on, whatever prune does; who
 * reads a deleted point for longer is told so (`EXPIRED`).
 */
export async function openPoint(
  context: RepositoryContext,
  id: PointId,
  options: Call & { readonly since?: PointId } = {},
): Promise<PointReader> {
  context.enter('open-point', options);
  const { points, late } = await context.points.all(options);
  const found = points.find((point) => point.record.id === id);
  if (found === undefined)
    throw late.some(({ record }) => record.id === id) ? latePoint(id) : unknownPoint(id);
  const { record, key } = found;
  const explain = (error: unknown) => explainLoss(context, record.id, key, error);
  await context.index.table(options);
  const since = points.find((point) => point.record.id === options.since)?.record;
  const disks = record.disks.map((disk) =>
    explained(viewOf(context, record, disk, options.since, since), explain),
  );
  return {
    point: toRecoveryPoint(record),
    disks,
    artifacts: record.artifacts.map((artifact) => artifactOf(context, artifact)),
    async [Symbol.asyncDispose]() {
      await Promise.all(disks.map(({ reader }) => reader[Symbol.asyncDispose]()));
    },
  };
}

/** The view with failures of its reader as `explain` throws them. */
function explained(view: DiskView, explain: (error: unknown) => Promise<never>): DiskView {
  const { reader } = view;
  return {
    ...view,
    reader: {
      sizeBytes: reader.sizeBytes,
      limits: reader.limits,
      read: (offset, into, call) => reader.read(offset, into, call).catch(explain),
      async *extents(range, call) {
        try {
          yield* reader.extents(range, call);
        } catch (error) {
          await explain(error);
        }
      },
      [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
    },
  };
}

/** What was lost because the point was deleted is no damage. */
async function explainLoss(
  { store }: RepositoryContext,
  id: PointId,
  key: string,
  error: unknown,
): Promise<never> {
  if (!SendenseError.is(error, 'CORRUPT') || (await store.head(key)) !== undefined) throw error;
  throw new SendenseError('EXPIRED', `point ${id} was deleted while it was read, for longer than the grace`, {
    operation: 'read-blocks',
    remedy: 'read a point that is kept; prune keeps those that its policy or a hold names',
    context: { point: id },
    cause: error,
  });
}

/** The error of a point that is not there. */
export function unknownPoint(id: PointId): SendenseError {
  return new SendenseError('NOT_FOUND', `there is no point ${id} in this repository`, {
    operation: 'open-point',
    remedy: 'list the points of the repository',
    context: { point: id },
  });
}

function viewOf(
  context: RepositoryContext,
  record: PointRecord,
  disk: RecordDisk,
  sinceId: PointId | undefined,
  since: PointRecord | undefined,
): DiskView {
  const { id, slot, sizeBytes, sectorBytes } = disk;
  const { chunkBytes } = context.configuration;
  const reader = new DiskReader(
    openMap(context, disk.root, sizeBytes),
    sizeBytes,
    chunkBytes,
    context.chunks,
  );
  const changes = changesOf(context, record, disk, sinceId, since);
  return { id, slot, sizeBytes, sectorBytes, reader, changes };
}

function changesOf(
  context: RepositoryContext,
  record: PointRecord,
  disk: RecordDisk,
  sinceId: PointId | undefined,
  since: PointRecord | undefined,
): Changes {
  const full = (reason: string, detail: string): Changes => ({ kind: 'full', reason, detail });
  if (sinceId === undefined) return full('requested', 'no earlier point was named');
  if (since === undefined || since.machine !== record.machine)
    return full('parent-missing', `point ${sinceId} is not a point of this machine`);
  const earlier = since.disks.find(({ id }) => id === disk.id);
  if (earlier === undefined) return full('disk-replaced', `point ${sinceId} does not hold this disk`);
  if (earlier.sizeBytes > disk.sizeBytes)
    return full('disk-resized', `the disk was larger at point ${sinceId}`);
  const sideOf = ({ root, sizeBytes }: RecordDisk) => ({ map: openMap(context, root, sizeBytes), sizeBytes });
  const { chunkBytes } = context.configuration;
  return {
    kind: 'incremental',
    since: since.instant,
    extents: (call) => mapChanges(sideOf(disk), sideOf(earlier), chunkBytes, call),
  };
}

function artifactOf(
  context: RepositoryContext,
  { name, sensitive, sizeBytes, root }: RecordArtifact,
): Artifact {
  return {
    name,
    sensitive,
    sizeBytes,
    async bytes(call) {
      const bytes = new Uint8Array(sizeBytes);
      const { chunkBytes } = context.configuration;
      await using reader = new DiskReader(
        openMap(context, root, sizeBytes),
        sizeBytes,
        chunkBytes,
        context.chunks,
      );
      const { maxBytes } = reader.limits;
      for (let at = 0; at < sizeBytes; at += maxBytes)
        await reader.read(at, bytes.subarray(at, at + maxBytes), call);
      return bytes;
    },
  };
}
