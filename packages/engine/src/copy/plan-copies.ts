import { type PointId, type RecoveryPoint, type Repository, SendenseError } from '@sendense/core';
import type { CopyRun } from './copy-run.ts';

/** What is copied, and in which order. */
export type CopyPlan = {
  /** The points of each stream, by their sequence: a repository takes them in no other order. */
  readonly streams: readonly (readonly RecoveryPoint[])[];
  /** There already, or older than the newest of their stream there. */
  readonly skipped: readonly PointId[];
};

/**
 * Compares what both repositories hold. A point that the destination had once, or never got, is passed over when it has a newer
 * one of the stream: what its retention removed does not come back. Rejects with `NOT_FOUND` for a point that is not there.
 */
export async function planCopies(run: CopyRun): Promise<CopyPlan> {
  const { request, held, job } = run;
  const wanted = request.points === undefined ? undefined : new Set(request.points);
  const streams = new Map<string, RecoveryPoint[]>();
  const skipped: PointId[] = [];
  const passedOver: PointId[] = [];
  for await (const point of pointsOf(request.from, run)) {
    if (wanted !== undefined && !wanted.delete(point.id)) continue;
    const stream = streamOf(point);
    if (held.points.get(point.id)?.instant === point.instant) skipped.push(point.id);
    else if ((held.newest.get(stream) ?? -1) >= point.sequence) passedOver.push(point.id);
    else streams.set(stream, [...(streams.get(stream) ?? []), point]);
  }
  const [missing] = wanted ?? [];
  if (missing !== undefined) throw unknownPoint(missing);
  if (passedOver.length > 0)
    job.report({
      severity: 'info',
      code: 'points-passed-over',
      message: `${passedOver.length} points are older than what the destination has of their stream, and are not copied: ${passedOver.join(', ')}`,
    });
  const inOrder = [...streams.values()].map((points) => points.toSorted((a, b) => a.sequence - b.sequence));
  return { streams: inOrder, skipped: [...skipped, ...passedOver] };
}

/** What the destination holds. */
export type HeldPoints = {
  readonly points: Map<PointId, RecoveryPoint>;
  /** Highest sequence of each stream of a machine. */
  readonly newest: ReadonlyMap<string, number>;
};

/** Reads what the destination holds of the machines in question. */
export async function readHeld(to: Repository, run: Pick<CopyRun, 'request' | 'job'>): Promise<HeldPoints> {
  const points = new Map<PointId, RecoveryPoint>();
  const newest = new Map<string, number>();
  for await (const point of pointsOf(to, run)) {
    points.set(point.id, point);
    const stream = streamOf(point);
    newest.set(stream, Math.max(newest.get(stream) ?? -1, point.sequence));
  }
  return { points, newest };
}

/** What points are copied in order within. */
export function streamOf({ machine, stream }: RecoveryPoint): string {
  return `${machine} ${stream}`;
}

function pointsOf(repository: Repository, { request, job }: Pick<CopyRun, 'request' | 'job'>) {
  const { machine } = request;
  return repository.points(machine === undefined ? {} : { machine }, { signal: job.signal });
}

function unknownPoint(point: PointId): SendenseError {
  return new SendenseError('NOT_FOUND', `the source holds no point ${point} to copy`, {
    operation: 'copy-points',
    remedy: 'list the points of the source',
    context: { point },
  });
}
