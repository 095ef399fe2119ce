import type { Call, Finding } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { IndexedPack } from '../index/index-object.ts';
import type { FoundPoint } from '../read/point-catalog.ts';
import { deleteUnlessLocked } from '../store/locked-objects.ts';
import { readDamagedPacks } from './damaged-packs.ts';
import { type Turn, withDeletions } from './deletions.ts';
import { findLive, type PointsRequest, requestOf } from './find-live.ts';
import type { LivePacks } from './live-packs.ts';
import type { Plan } from './plans.ts';
import type { PruneLock } from './prune-lock.ts';

/** What is in the repository, and the points of it that are to go. */
export type Removal = {
  readonly points: readonly FoundPoint[];
  readonly plans: readonly Plan[];
  readonly lock: PruneLock;
  readonly surplus: readonly FoundPoint[];
  /** The points of which it is no matter when they are hurt: those that are to go among them. */
  readonly mayBeHurt: readonly FoundPoint[];
  /** Those of the surplus that object lock does not keep. */
  readonly free: readonly FoundPoint[];
};

/** What is left of plans. */
type VoidedPlans = {
  /** Plans that may be carried out: nothing that they name is needed. */
  readonly left: readonly Plan[];
  /** One that is void and that object lock keeps. */
  readonly locked: Plan | undefined;
  /** Packs with a copy that counts and cannot be read, a finding each. */
  readonly damaged: ReadonlyMap<string, Finding>;
};

/**
 * Deletes the plans that name what a point needs, those that are to go among them. Where one of these is hurt none is carried out, and
 * before it goes all are deleted, because nobody knows what it needs. Rejects with `CORRUPT` when a point is hurt that must not be.
 */
export async function voidPlans(
  context: RepositoryContext,
  removal: Removal,
  call?: Call,
): Promise<VoidedPlans> {
  const { plans, lock, mayBeHurt } = removal;
  if (plans.length === 0) return { left: plans, locked: undefined, damaged: new Map() };
  const request = requestOf(context, await readDamagedPacks(context, call), removal, call);
  const { live } = await findLive(context, request, mayBeHurt, call);
  await using closing = live;
  const voided =
    closing === undefined
      ? await plansOfHurt(context, removal, request, call)
      : await plansInTheWay(context, plans, closing, call);
  let locked: Plan | undefined;
  const remove = async (turn: Turn) => {
    for (const plan of voided) {
      await turn(call);
      if (!(await deleteUnlessLocked(context.store, plan.key, call))) locked = plan;
    }
  };
  await withDeletions(context, lock, remove, call);
  const left = closing === undefined ? [] : plans.filter((plan) => !voided.includes(plan));
  return { left, locked, damaged: closing?.damaged ?? new Map() };
}

/** The plans in the way of what goes where a surplus point is hurt: all when that one goes. */
async function plansOfHurt(
  context: RepositoryContext,
  { points, plans, surplus, free }: Removal,
  request: PointsRequest,
  call?: Call,
): Promise<readonly Plan[]> {
  if (free.length === 0) return [];
  if (free.length === surplus.length) return plans;
  const known = points.filter((point) => free.includes(point) || !surplus.includes(point));
  const { live } = await findLive(context, { ...request, points: known }, free, call);
  await using closing = live;
  return closing === undefined ? plans : await plansInTheWay(context, plans, closing, call);
}

/** The plans that name a pack which a point needs. */
async function plansInTheWay(
  context: RepositoryContext,
  plans: readonly Plan[],
  live: LivePacks,
  call?: Call,
): Promise<readonly Plan[]> {
  const inTheWay = new Set<Plan>();
  const { objects, youngObjects } = context.index;
  for (const key of [...objects, ...youngObjects]) {
    const named: IndexedPack[] = [];
    for await (const pack of context.index.read(key, call))
      if (plans.some((plan) => !inTheWay.has(plan) && plan.packs.has(pack.id))) named.push(pack);
    for (const pack of (await live.neededOf(named, call)).keys())
      for (const plan of plans) if (plan.packs.has(pack)) inTheWay.add(plan);
  }
  return [...inTheWay];
}
