import type { Call, Finding } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { deleteManifests, divideByLock, type StayingPoint, staysWithPlan } from './delete-manifests.ts';
import type { Plan } from './plans.ts';
import { refreshUnhurt } from './unhurt.ts';
import { type Removal, voidPlans } from './void-plans.ts';

/** What came of a removal. */
type Removed = {
  readonly staying: readonly StayingPoint[];
  /** Plans that may be carried out. */
  readonly left: readonly Plan[];
  /** Packs with a copy that counts and cannot be read, a finding each. */
  readonly damaged: ReadonlyMap<string, Finding>;
};

/** Deletes the manifests of points, after the plans in their way. All points stay while object lock keeps one of these. */
export async function removePoints(
  context: RepositoryContext,
  removal: Omit<Removal, 'free'>,
  call?: Call,
): Promise<Removed> {
  const { surplus, lock } = removal;
  const { free, staying } = await divideByLock(context, surplus, lock, call);
  await refreshUnhurt(context, call);
  const { left, locked, damaged } = await voidPlans(context, { ...removal, free }, call);
  const more =
    locked === undefined
      ? await deleteManifests(context, free, lock, call)
      : free.map((point) => staysWithPlan(point, locked.key));
  return { staying: [...staying, ...more], left, damaged };
}
