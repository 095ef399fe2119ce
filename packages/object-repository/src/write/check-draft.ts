import { type Call, type DiskId, type DraftDisk, type PointDraft, SendenseError } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { numberAtEnd, streamPrefix } from '../layout/object-keys.ts';
import type { FoundPoint } from '../read/point-catalog.ts';
import type { PointRecord, RecordDisk } from '../records/point-record.ts';

/** What a disk of a new point builds on. */
export type Base = { readonly record: PointRecord; readonly disk: RecordDisk };

/** What is committed already that a draft must fit to. */
export type DraftContext = {
  /** The manifest of this very point, when an earlier attempt committed it. */
  readonly committed: FoundPoint | undefined;
  readonly bases: ReadonlyMap<DiskId, Base>;
  /** Of the key of its manifest: its sequence, or the next one where manifests that came too late are in the way. */
  readonly number: number;
};

/**
 * Checks a draft against the committed points. Rejects with `PARENT_MISSING` for a base that is not there, `UNSUPPORTED` for a
 * disk smaller than its base, `CONFLICT` for a taken sequence.
 */
export async function checkDraft(
  context: RepositoryContext,
  draft: PointDraft,
  call?: Call,
): Promise<DraftContext> {
  const { points, late, damaged } = await context.points.all(call);
  const prefix = streamPrefix(context.keys, draft);
  const [unreadable] = [...damaged].filter(([key]) => key.startsWith(prefix));
  const ours = points.filter(({ record }) => record.machine === draft.machine);
  const committed = ours.find(({ record: { id, stream } }) => id === draft.id && stream === draft.stream);
  const keys = [...points, ...late].map(({ key }) => key).filter((key) => key.startsWith(prefix));
  const number = Math.max(draft.sequence, ...keys.map((key) => (numberAtEnd(key) ?? -1) + 1));
  if (committed !== undefined) return { committed: sameInstant(committed, draft), bases: new Map(), number };
  if (unreadable !== undefined) throw unreadable[1];
  const records = ours.map(({ record }) => record);
  const taken = records.find(({ stream, sequence }) => stream === draft.stream && sequence >= draft.sequence);
  if (taken !== undefined) throw sequenceTaken(taken);
  const bases = new Map<DiskId, Base>();
  for (const disk of draft.disks) if (disk.base !== null) bases.set(disk.id, findBase(records, disk));
  return { committed, bases, number };
}

/** The manifest of an earlier attempt, when it holds the same instant. Throws `CONFLICT`. */
export function sameInstant(committed: FoundPoint, { id, instant }: PointDraft): FoundPoint {
  if (committed.record.instant === instant) return committed;
  throw new SendenseError('CONFLICT', `point ${id} is there and holds another instant`, {
    operation: 'begin-point',
    remedy: 'take a new point id',
    context: { point: id },
  });
}

/** The error of a sequence that another point has. */
export function sequenceTaken({ id, stream, sequence }: PointRecord): SendenseError {
  return new SendenseError('CONFLICT', `point ${id} already is number ${sequence} of stream ${stream}`, {
    operation: 'begin-point',
    remedy: 'another run backed up the same machine to here first; run the backup again',
    context: { point: id, stream, sequence },
  });
}

function findBase(records: readonly PointRecord[], { id, base, sizeBytes }: DraftDisk): Base {
  const record = records.find((other) => other.id === base);
  const disk = record?.disks.find((other) => other.id === id);
  if (record === undefined || disk === undefined) {
    throw new SendenseError('PARENT_MISSING', `point ${base} does not hold disk ${id} of this machine`, {
      operation: 'begin-point',
      remedy: 'back the disk up in full',
      context: { base, disk: id },
    });
  }
  if (sizeBytes >= disk.sizeBytes) return { record, disk };
  throw new SendenseError('UNSUPPORTED', `disk ${id} is smaller than at point ${base}`, {
    operation: 'begin-point',
    remedy: 'back the disk up in full',
    context: { disk: id },
  });
}
