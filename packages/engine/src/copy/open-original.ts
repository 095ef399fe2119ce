import {
  type Artifact,
  type DiskId,
  type DiskView,
  type PointId,
  type PointReader,
  type RecoveryPoint,
  SendenseError,
} from '@sendense/core';
import type { DiskCopyPlan } from '../backup/copy-disks.ts';
import type { CopyRun } from './copy-run.ts';

/** A point of the source, open with the changes of each disk since what its copy builds on. */
export type Original = AsyncDisposable & {
  readonly views: readonly DiskView[];
  readonly artifacts: readonly Artifact[];
};

/** Opens a point; disks may build on different ones. */
export async function openOriginal(
  { request: { from }, job }: CopyRun,
  point: RecoveryPoint,
  bases: ReadonlyMap<DiskId, PointId | null>,
): Promise<Original> {
  const readers = new Map<PointId | null, PointReader>();
  const close = async (): Promise<void> => {
    for (const reader of readers.values()) await reader[Symbol.asyncDispose]();
  };
  try {
    const views: DiskView[] = [];
    for (const { id } of point.disks) {
      const since = bases.get(id) ?? null;
      const options = { signal: job.signal, ...(since !== null && { since }) };
      const reader = readers.get(since) ?? (await from.open(point.id, options));
      readers.set(since, reader);
      const view = reader.disks.find((disk) => disk.id === id);
      if (view === undefined) throw missingDisk(point, id);
      views.push(view);
    }
    const [first] = readers.values();
    return { views, artifacts: first?.artifacts ?? [], [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** How each disk is copied: by its changes where the source can tell them since the base, else whole. */
export function plansOf(
  run: CopyRun,
  point: RecoveryPoint,
  { views }: Original,
  bases: ReadonlyMap<DiskId, PointId | null>,
): ReadonlyMap<DiskId, DiskCopyPlan> {
  return new Map(views.map((view) => [view.id, planOf(run, point, view, bases.get(view.id) ?? null)]));
}

function planOf(
  { held }: CopyRun,
  point: RecoveryPoint,
  { id, changes }: DiskView,
  base: PointId | null,
): DiskCopyPlan {
  const missing = (detail: string): DiskCopyPlan => ({ kind: 'full', reason: 'parent-missing', detail });
  if (base === null) {
    const disk = point.disks.find((each) => each.id === id);
    if (disk?.base === null) return { kind: 'full', reason: disk.reason ?? 'requested', detail: '' };
    return missing('no earlier point is in both repositories');
  }
  if (changes.kind === 'full') return changes;
  if (changes.since === held.points.get(base)?.instant) return { kind: 'delta' };
  return missing(`point ${base} holds another instant`);
}

function missingDisk({ id }: RecoveryPoint, disk: DiskId): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', `the source opened point ${id} without its disk ${disk}`, {
    operation: 'copy-points',
    context: { point: id, disk },
  });
}
