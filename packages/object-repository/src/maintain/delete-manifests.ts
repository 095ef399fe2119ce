import { type Call, type Finding, SendenseError, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { FoundPoint } from '../read/point-catalog.ts';
import { lockedUntil } from '../store/locked-objects.ts';
import type { PruneLock } from './prune-lock.ts';
import { putRemovals } from './removals.ts';

/** A point that object lock keeps. */
type LockedPoint = {
  readonly point: FoundPoint;
  readonly error: SendenseError;
  readonly finding: Finding;
};

/**
 * Deletes manifests, after a removal names them. Gives the points that object lock keeps. What the store says to be locked is not
 * named: a removal of a point that stays would excuse whoever hides it.
 */
export async function deleteManifests(
  context: RepositoryContext,
  points: readonly FoundPoint[],
  lock: PruneLock,
  call?: Call,
): Promise<readonly LockedPoint[]> {
  const locked: LockedPoint[] = [];
  const free: FoundPoint[] = [];
  for (const point of points) {
    throwIfAborted(call?.signal, 'prune-points');
    await lock.check(call);
    const until = await lockedUntil(context.store, point.key, lock.takenAt, call);
    if (until === undefined) free.push(point);
    else locked.push(stillLocked(point, locks(point, until)));
  }
  await putRemovals(
    context,
    free.map(({ manifestId }) => manifestId),
    { lock },
    call,
  );
  for (const point of free) {
    throwIfAborted(call?.signal, 'prune-points');
    await lock.check(call);
    await context.store.delete(point.key, call).catch((error: unknown) => {
      if (!SendenseError.is(error, 'IMMUTABLE')) throw error;
      locked.push(stillLocked(point, error));
    });
  }
  return locked;
}

function locks({ record: { id } }: FoundPoint, until: Date): SendenseError {
  return new SendenseError('IMMUTABLE', `object lock keeps its manifest until ${until.toISOString()}`, {
    operation: 'delete-point',
    remedy: 'repeat when that time is over',
    context: { point: id },
  });
}

function stillLocked(point: FoundPoint, error: SendenseError): LockedPoint {
  const { id } = point.record;
  const message = `point ${id} stays: ${error.message}`;
  return { point, error, finding: { severity: 'warning', code: 'point-locked', message, point: id } };
}
