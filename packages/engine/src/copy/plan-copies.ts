import { type PointId, type RecoveryPoint, SendenseError } from '@sendense/core';
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
 * one of the stream: what its retention removed does not come back. Throws `NOT_FOUND` for a point that is not there.
 */
export function planCopies({ request, originals, held, job }: CopyRun): CopyPlan {
  const wanted = request.points === undefined ? undefined : new Set(request.points);
  const fresh: RecoveryPoint[] = [];
  const skipped: PointId[] = [];
  const passedOver: PointId[] = [];
  for (const point of originals.values()) {
    if (request.machine !== undefined && point.machine !== request.machine) continue;
    if (wanted !== undefined && !wanted.delete(point.id)) continue;
    if (held.points.get(point.id)?.instant === point.instant) skipped.push(point.id);
    else if ((held.newest.get(streamOf(point)) ?? -1) >= point.sequence) passedOver.push(point.id);
    else fresh.push(point);
  }
  const [missing] = wanted ?? [];
  if (missing !== undefined) throw unknownPoint(missing);
  if (passedOver.length > 0)
    job.report({
      severity: 'info',
      code: 'points-passed-over',
      message: `${passedOver.length} points are older than what the destination has of their stream, and are not copied: ${passedOver.join(', ')}`,
    });
  const streams = [...Map.groupBy(fresh, streamOf).values()];
  return {
    streams: streams.map((points) => points.toSorted((a, b) => a.sequence - b.sequence)),
    skipped: [...skipped, ...passedOver],
  };
}

/** What the destination holds. */
export type HeldPoints = {
  readonly points: Map<PointId, RecoveryPoint>;
  /** Highest sequence of each stream of a machine. */
  readonly newest: ReadonlyMap<string, number>;
};

/** Reads what the destination holds of the machines in question. */
export async function readHeld({ request, job }: Pick<CopyRun, 'request' | 'job'>): Promise<HeldPoints> {
  const { to, machine } = request;
  const points = new Map<PointId, RecoveryPoint>();
  const newest = new Map<string, number>();
  const filter = machine === undefined ? {} : { machine };
  for await (const point of to.points(filter, { signal: job.signal })) {
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

function unknownPoint(point: PointId): SendenseError {
  return new SendenseError('NOT_FOUND', `the source holds no point ${point} to copy`, {
    operation: 'copy-points',
    remedy: 'list the points of the source',
    context: { point },
  });
}
