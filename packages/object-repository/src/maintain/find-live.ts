import { type Call, SendenseError } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { FoundPoint } from '../read/point-catalog.ts';
import type { DamagedPacks } from './damaged-packs.ts';
import { LivePacks } from './live-packs.ts';
import type { MarkRequest } from './mark-live.ts';
import type { Plan } from './plans.ts';
import type { PruneLock } from './prune-lock.ts';

/** What to mark, of points of the store. */
export type PointsRequest = Omit<MarkRequest, 'points'> & { readonly points: readonly FoundPoint[] };

/**
 * How to mark: of several copies none that a plan condemns, that verify found damaged or that its writer may delete yet, where there
 * is another.
 */
export function requestOf(
  { index }: Pick<RepositoryContext, 'index'>,
  damaged: readonly DamagedPacks[],
  {
    points,
    plans,
    lock,
  }: { readonly points: readonly FoundPoint[]; readonly plans: readonly Plan[]; readonly lock: PruneLock },
  call?: Call,
): PointsRequest {
  const unsure = index.young;
  const avoided = [...[...damaged, ...plans].map(({ packs }) => packs), unsure];
  return { points, avoided, unsure, check: () => lock.check(call) };
}

/** What points need, or why nobody can tell: one of them is hurt. */
type FoundLive =
  | { readonly live: LivePacks; readonly hurt?: undefined }
  | { readonly live?: undefined; readonly hurt: SendenseError };

/** Which packs points need. Rejects with `CORRUPT` when one of them is hurt that is none of `mayBeHurt`. */
export async function findLive(
  context: RepositoryContext,
  request: PointsRequest,
  mayBeHurt: readonly FoundPoint[],
  call?: Call,
): Promise<FoundLive> {
  try {
    return { live: await LivePacks.find(context, request, call) };
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT') || mayBeHurt.length === 0) throw error;
    const keys = new Set(mayBeHurt.map(({ key }) => key));
    const points = request.points.filter(({ key }) => !keys.has(key));
    await (await LivePacks.find(context, { ...request, points }, call))[Symbol.asyncDispose]();
    return { hurt: error };
  }
}
