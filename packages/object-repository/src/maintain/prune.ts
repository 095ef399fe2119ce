import {
  type Call,
  type Finding,
  type PointId,
  type PruneOptions,
  type PruneReport,
  type RetentionPolicy,
  SendenseError,
} from '@sendense/core';
import { retainedPoints } from '@sendense/plugin-kit/points';
import type { RepositoryContext } from '../context.ts';
import { unknownPoint } from '../read/open-point.ts';
import type { FoundPoint, FoundPoints } from '../read/point-catalog.ts';
import { readDamagedPacks } from './damaged-packs.ts';
import { deleteManifests } from './delete-manifests.ts';
import { LivePacks } from './live-packs.ts';
import { withOwnIndex } from './own-index.ts';
import { type Plan, readPlans } from './plans.ts';
import { type PruneLock, takePruneLock } from './prune-lock.ts';
import { removeLeftovers } from './remove-leftovers.ts';
import { settleYoung } from './settle-young.ts';
import { carryOut, planNext, plansInTheWay } from './sweep.ts';

/** Removes a point; see `RepositoryMaintenance.delete`. Prune frees its space. */
export async function deletePoint(
  shared: RepositoryContext,
  id: PointId,
  call?: Call,
): Promise<{ readonly removed: readonly PointId[]; readonly freedBytes: number }> {
  shared.enter('delete-point', call);
  await using context = withOwnIndex(shared);
  await using lock = await takePruneLock(context, call);
  const points = unhurt(await context.points.all(call));
  const point = points.find(({ record }) => record.id === id);
  if (point === undefined) throw unknownPoint(id);
  const found = { points, plans: await readPlans(context, call), lock, whole: [] };
  const { locked } = await removeManifests(context, found, [point], call);
  for (const { error } of locked) throw error;
  return { removed: [id], freedBytes: 0 };
}

/** Applies a policy and frees space in two phases; see `RepositoryMaintenance.prune` and the format, section 4. */
export async function prune(
  shared: RepositoryContext,
  policy: RetentionPolicy,
  options: Call & PruneOptions = {},
): Promise<PruneReport> {
  shared.enter('prune-points', options);
  if (options.dryRun === true) {
    const { kept, surplus } = divide((await shared.points.all(options)).points, policy, options);
    return { kept: idsOf(kept), removed: idsOf(surplus), freedBytes: 0, findings: [] };
  }
  await using context = withOwnIndex(shared);
  await using lock = await takePruneLock(context, options);
  await refreshUnhurt(context, options);
  await settleYoung(context, lock, options);
  const plans = await readPlans(context, options);
  const points = unhurt(await context.points.all(options));
  const { kept, surplus } = divide(points, policy, options);
  const whole = points.filter((point) => !surplus.includes(point));
  const found = { points, plans, lock, whole };
  const { left, locked, hurt } = await removeManifests(context, found, surplus, options);
  const swept = await carryOut(context, left, lock, options);
  const after = unhurt(await context.points.all(options));
  const open = await readPlans(context, options);
  // After the manifests: the index objects of each were there before it.
  await refreshUnhurt(context, options);
  const { damaged, request } = await markingOf(context, { points: after, plans: open, lock }, options);
  await using live = await LivePacks.find(context, request, options);
  const freedBytes = swept + (await planNext(context, { live, plans: open, damaged, lock }, options));
  await removeLeftovers(context, lock, options);
  const stay = locked.map(({ point }) => point);
  return {
    kept: idsOf([...kept, ...stay]),
    removed: idsOf(surplus.filter((point) => !stay.includes(point))),
    freedBytes,
    findings: [...locked.map(({ finding }) => finding), ...new Map([...hurt, ...live.damaged]).values()],
  };
}

type Found = {
  readonly points: readonly FoundPoint[];
  readonly plans: readonly Plan[];
  readonly lock: PruneLock;
};

/**
 * How to mark: of several copies none that a plan condemns, that verify found damaged or that its writer may delete yet, where there
 * is another.
 */
async function markingOf(context: RepositoryContext, { points, plans, lock }: Found, call?: Call) {
  const damaged = await readDamagedPacks(context, call);
  const unsure = context.index.young;
  const avoided = [...[...damaged, ...plans].map(({ packs }) => packs), unsure];
  return { damaged, request: { points, avoided, unsure, check: () => lock.check(call) } };
}

/** What is found, and the points of which all must be known for others to go. */
type Removal = Found & { readonly whole: readonly FoundPoint[] };

/**
 * Deletes manifests; before that the plans that name what any point still needs, the ones to go among them. Gives the plans
 * that are left: nothing that they name was needed; and the points that object lock keeps.
 */
async function removeManifests(
  context: RepositoryContext,
  found: Removal,
  surplus: readonly FoundPoint[],
  call?: Call,
) {
  await refreshUnhurt(context, call);
  const { left, hurt } = await voidPlans(context, found, call);
  const locked = await deleteManifests(context, surplus, found.lock, call);
  return { left, locked, hurt };
}

/** Deletes plans that name what a point needs; all of them when nobody knows what the points need that may go. */
async function voidPlans(context: RepositoryContext, found: Removal, call?: Call) {
  const { plans, lock } = found;
  const none: ReadonlyMap<string, Finding> = new Map();
  if (plans.length === 0) return { left: plans, hurt: none };
  const { request } = await markingOf(context, found, call);
  await using live = await LivePacks.find(context, request, call).catch((error: unknown) => {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    return undefined;
  });
  // rejects when a point is hurt that stays
  if (live === undefined)
    await (await LivePacks.find(context, { ...request, points: found.whole }, call))[Symbol.asyncDispose]();
  const voided = live === undefined ? plans : await plansInTheWay(context, plans, live, call);
  for (const { key } of voided) {
    await lock.check(call);
    await context.store.delete(key, call);
  }
  return { left: plans.filter((plan) => !voided.includes(plan)), hurt: live?.damaged ?? none };
}

/** Points that all can be read. Throws `CORRUPT`: what a damaged manifest needs nobody knows, so nothing is deleted. */
function unhurt({ points, damaged }: FoundPoints): readonly FoundPoint[] {
  for (const damage of damaged.values()) throw damage;
  return points;
}

/** Throws `CORRUPT` when an index object is damaged: packs that nobody knows of look like those that nobody needs. */
async function refreshUnhurt({ index }: RepositoryContext, call?: Call): Promise<void> {
  await index.refresh(call);
  for (const damage of index.damaged.values()) throw damage;
}

function divide(points: readonly FoundPoint[], policy: RetentionPolicy, { machine }: PruneOptions) {
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
  const isKept = ({ record }: FoundPoint) => retained.has(record.id) || record.held;
  return { kept: ours.filter(isKept), surplus: ours.filter((point) => !isKept(point)) };
}

function idsOf(points: readonly FoundPoint[]): readonly PointId[] {
  return points.map(({ record }) => record.id);
}
