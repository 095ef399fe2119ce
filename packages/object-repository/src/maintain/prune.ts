import {
  type Call,
  type PointId,
  type PruneOptions,
  type PruneReport,
  type RetentionPolicy,
  throwIfAborted,
} from '@sendense/core';
import { retainedPoints } from '@sendense/plugin-kit/points';
import type { RepositoryContext } from '../context.ts';
import { unknownPoint } from '../read/open-point.ts';
import type { FoundPoints, StoredPoint } from '../read/point-catalog.ts';
import { markLive } from './mark-live.ts';
import { type Plan, readPlans } from './plans.ts';
import { type PruneLock, takePruneLock } from './prune-lock.ts';
import { carryOut, condemnedBy, planNext, plansInTheWay } from './sweep.ts';

/** Removes a point; see `RepositoryMaintenance.delete`. Prune frees its space. */
export async function deletePoint(
  context: RepositoryContext,
  id: PointId,
  call?: Call,
): Promise<{ readonly removed: readonly PointId[]; readonly freedBytes: number }> {
  context.enter('delete-point', call);
  await using lock = await takePruneLock(context, call);
  const points = unhurt(await context.points.all(call));
  const point = points.find(({ record }) => record.id === id);
  if (point === undefined) throw unknownPoint(id);
  await removeManifests(context, points, [point], await readPlans(context, call), lock, call);
  return { removed: [id], freedBytes: 0 };
}

/** Applies a policy and frees space in two phases; see `RepositoryMaintenance.prune` and the format, section 4. */
export async function prune(
  context: RepositoryContext,
  policy: RetentionPolicy,
  options: Call & PruneOptions = {},
): Promise<PruneReport> {
  context.enter('prune-points', options);
  if (options.dryRun === true) {
    const { kept, surplus } = divide((await context.points.all(options)).points, policy, options);
    return { kept: idsOf(kept), removed: idsOf(surplus), freedBytes: 0, findings: [] };
  }
  await using lock = await takePruneLock(context, options);
  const plans = await readPlans(context, options);
  const points = unhurt(await context.points.all(options));
  const { kept, surplus } = divide(points, policy, options);
  const left = await removeManifests(context, points, surplus, plans, lock, options);
  const swept = await carryOut(context, left, lock, options);
  const after = unhurt(await context.points.all(options));
  const open = await readPlans(context, options);
  // After the manifests: the index objects of each were there before it.
  const table = await context.index.refresh(options);
  const live = await markLive(context, table, after, condemnedBy(open), options);
  const freedBytes = swept + (await planNext(context, live, open, lock, options));
  return { kept: idsOf(kept), removed: idsOf(surplus), freedBytes, findings: [] };
}

/**
 * Deletes manifests; before that the plans that name what any point still needs, the ones to go among them. Gives the plans
 * that are left: nothing that they name was needed.
 */
async function removeManifests(
  context: RepositoryContext,
  points: readonly StoredPoint[],
  surplus: readonly StoredPoint[],
  plans: readonly Plan[],
  lock: PruneLock,
  call?: Call,
): Promise<readonly Plan[]> {
  const table = await context.index.refresh(call);
  for (const damage of context.index.damaged.values()) throw damage;
  let left = plans;
  if (plans.length > 0) {
    const live = await markLive(context, table, points, condemnedBy(plans), call);
    const voided = await plansInTheWay(context, plans, live, call);
    for (const { key } of voided) await context.store.delete(key, call);
    left = plans.filter((plan) => !voided.includes(plan));
  }
  for (const { key } of surplus) {
    throwIfAborted(call?.signal, 'prune-points');
    await lock.check(call);
    await context.store.delete(key, call);
  }
  return left;
}

/** Points that all can be read. Throws `CORRUPT`: what a damaged manifest needs nobody knows, so nothing is deleted. */
function unhurt({ points, damaged }: FoundPoints): readonly StoredPoint[] {
  for (const damage of damaged.values()) throw damage;
  return points;
}

function divide(points: readonly StoredPoint[], policy: RetentionPolicy, { machine }: PruneOptions) {
  const ours = points.filter(({ record }) => machine === undefined || record.machine === machine);
  const streams = Map.groupBy(ours, ({ record }) => `${record.machine} ${record.stream}`);
  const retained = new Set(
    [...streams.values()].flatMap((stream) => [
      ...retainedPoints(
        stream.map(({ record }) => record),
        policy,
      ),
    ]),
  );
  const isKept = ({ record }: StoredPoint) => retained.has(record.id) || record.held;
  return { kept: ours.filter(isKept), surplus: ours.filter((point) => !isKept(point)) };
}

function idsOf(points: readonly StoredPoint[]): readonly PointId[] {
  return points.map(({ record }) => record.id);
}
