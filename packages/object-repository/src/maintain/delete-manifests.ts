import { type Call, type Finding, SendenseError, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { FoundPoint } from '../read/point-catalog.ts';
import { heldUntil } from '../store/locked-objects.ts';
import { type Turn, withDeletions } from './deletions.ts';
import type { PruneLock } from './prune-lock.ts';
import { putRemovals } from './removals.ts';

/** A point that stays although it is to go: object lock keeps its manifest, or a plan that names what it needs. */
export type StayingPoint = {
  readonly point: FoundPoint;
  readonly error: SendenseError;
  readonly finding: Finding;
};

/** Points whose manifests object lock keeps, and those that may go. */
export async function divideByLock(
  context: RepositoryContext,
  points: readonly FoundPoint[],
  lock: PruneLock,
  call?: Call,
): Promise<{ readonly free: readonly FoundPoint[]; readonly staying: readonly StayingPoint[] }> {
  const staying: StayingPoint[] = [];
  const free: FoundPoint[] = [];
  for (const point of points) {
    throwIfAborted(call?.signal, 'prune-points');
    await lock.check(call);
    const until = await heldUntil(context.store, point.key, lock.takenAt, call);
    if (until === undefined) free.push(point);
    else staying.push(stays(point, isLocked(point, `its manifest until ${until.toISOString()}`)));
  }
  return { free, staying };
}

/**
 * Deletes manifests that the store does not say to be locked, after a removal names them: a removal of a point that stays would excuse
 * whoever hides it. Gives the points that object lock keeps all the same.
 */
export async function deleteManifests(
  context: RepositoryContext,
  points: readonly FoundPoint[],
  lock: PruneLock,
  call?: Call,
): Promise<readonly StayingPoint[]> {
  const manifests = points.map(({ manifestId }) => manifestId);
  await putRemovals(context, manifests, { lock }, call);
  const staying: StayingPoint[] = [];
  const remove = async (turn: Turn) => {
    for (const point of points) {
      throwIfAborted(call?.signal, 'prune-points');
      await turn(call);
      await context.store.delete(point.key, call).catch((error: unknown) => {
        if (!SendenseError.is(error, 'IMMUTABLE')) throw error;
        staying.push(stays(point, error));
      });
    }
  };
  await withDeletions(context, lock, remove, call);
  return staying;
}

/** A point that must stay because a plan does that names what a point needs: nobody would know any more that the plan is void. */
export function staysWithPlan(point: FoundPoint, plan: string): StayingPoint {
  return stays(point, isLocked(point, `${plan}, which would have to go first`));
}

function isLocked({ record: { id } }: FoundPoint, what: string): SendenseError {
  return new SendenseError('IMMUTABLE', `object lock keeps ${what}`, {
    operation: 'delete-point',
    remedy: 'repeat when that time is over',
    context: { point: id },
  });
}

function stays(point: FoundPoint, error: SendenseError): StayingPoint {
  const { id } = point.record;
  const message = `point ${id} stays: ${error.message}`;
  return { point, error, finding: { severity: 'warning', code: 'point-locked', message, point: id } };
}
