import type {
  Call,
  Finding,
  PointId,
  PruneOptions,
  PruneReport,
  RetentionPolicy,
  SendenseError,
} from '@sendense/core';
import { retainedPoints } from '@sendense/plugin-kit/points';
import type { RepositoryContext } from '../context.ts';
import { unknownPoint } from '../read/open-point.ts';
import type { FoundPoint, FoundPoints } from '../read/point-catalog.ts';
import { carryOut } from './carry-out.ts';
import { readDamagedPacks } from './damaged-packs.ts';
import { findLive, requestOf } from './find-live.ts';
import { brokenOf, lastOfStreams, lateFinding } from './late-points.ts';
import { withOwnIndex } from './own-index.ts';
import { readPlans } from './plans.ts';
import { type PruneLock, takePruneLock } from './prune-lock.ts';
import { removeLeftovers } from './remove-leftovers.ts';
import { removePoints } from './remove-points.ts';
import { settleYoung } from './settle-young.ts';
import { planNext } from './sweep.ts';
import { refreshUnhurt, unhurt } from './unhurt.ts';

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
  const removal = {
    points,
    plans: await readPlans(context, call),
    lock,
    surplus: [point],
    mayBeHurt: points,
  };
  const { staying } = await removePoints(context, removal, call);
  for (const { error } of staying) throw error;
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
    const found = await shared.points.all(options);
    const { kept, surplus } = divide(found, [], policy, options);
    return { ...idsOf(found, kept, surplus), freedBytes: 0, findings: found.late.map(lateFinding) };
  }
  await using context = withOwnIndex(shared);
  await using lock = await takePruneLock(context, options);
  await refreshUnhurt(context, options);
  const lost = await settleYoung(context, lock, options);
  const plans = await readPlans(context, options);
  const found = await context.points.all(options);
  const points = unhurt(found);
  const broken = await brokenOf(context, found.late, lock, options);
  const { kept, surplus } = divide(found, broken, policy, options);
  const removal = { points, plans, lock, surplus, mayBeHurt: [...surplus, ...broken] };
  const { left, staying, damaged } = await removePoints(context, removal, options);
  const swept = await carryOut(context, left, lock, options);
  const stay = staying.map(({ point }) => point);
  const next = await planAnew(context, { lock, stay, broken }, options);
  await removeLeftovers(context, lock, options);
  return {
    ...idsOf(
      found,
      [...kept, ...stay],
      surplus.filter((point) => !stay.includes(point)),
    ),
    freedBytes: swept + next.freedBytes,
    findings: [
      ...lost,
      ...found.late.map(lateFinding),
      ...staying.map(({ finding }) => finding),
      ...new Map([...damaged, ...next.damaged]).values(),
      ...next.findings,
    ],
  };
}

/** What is planned beside: points that object lock keeps though they are to go, and late ones that lack chunks. */
type Planning = {
  readonly lock: PruneLock;
  readonly stay: readonly FoundPoint[];
  readonly broken: readonly FoundPoint[];
};

/**
 * Plans what nothing needs any more. As long as one of the points is hurt that are to go and that object lock keeps, nothing is planned:
 * nobody knows what it needs. Rejects with `CORRUPT` when another one is hurt.
 */
async function planAnew(context: RepositoryContext, { lock, stay, broken }: Planning, call?: Call) {
  const owedNothing = new Set(broken.map(({ key }) => key));
  const points = unhurt(await context.points.all(call)).filter(({ key }) => !owedNothing.has(key));
  const plans = await readPlans(context, call);
  // After the manifests: the index objects of each were there before it.
  await refreshUnhurt(context, call);
  const damaged = await readDamagedPacks(context, call);
  const request = requestOf(context, damaged, { points, plans, lock }, call);
  const { live, hurt } = await findLive(context, request, stay, call);
  if (live === undefined)
    return { freedBytes: 0, damaged: new Map<string, Finding>(), findings: [heldUp(hurt)] };
  await using closing = live;
  const freedBytes = await planNext(context, { live: closing, plans, damaged, lock }, call);
  return { freedBytes, damaged: live.damaged, findings: [] };
}

function heldUp({ message }: SendenseError): Finding {
  const what = 'no space is freed while object lock keeps a point that is damaged and to go';
  return { severity: 'error', code: 'point-damaged', message: `${what}: ${message}; verify names the point` };
}

/**
 * What a policy keeps. Manifests that came too late are no points: they push no point out, and go when the policy would drop them, when
 * what they need is gone (`broken`), or when the point was made again; but for the last of a stream.
 */
function divide(
  found: FoundPoints,
  broken: readonly FoundPoint[],
  policy: RetentionPolicy,
  { machine }: PruneOptions,
) {
  const { points, late } = found;
  const last = lastOfStreams(found);
  const isOurs = ({ record }: FoundPoint) => machine === undefined || record.machine === machine;
  const [ours, lateOnes] = [points.filter(isOurs), late.filter(isOurs)];
  const retained = retainedIds(ours, policy);
  const kept = ours.filter(({ record }) => retained.has(record.id) || record.held);
  const made = new Set(ours.map(({ record }) => record.id));
  const apart = lateOnes.filter((point) => !broken.includes(point) && !made.has(point.record.id));
  const retainedLate = retainedIds([...ours, ...apart], policy);
  const all = [...kept, ...apart.filter(({ record }) => retainedLate.has(record.id))];
  const surplus = [...ours, ...lateOnes].filter((point) => !all.includes(point) && !last.has(point));
  return { kept: all, surplus };
}

function retainedIds(points: readonly FoundPoint[], policy: RetentionPolicy): ReadonlySet<PointId> {
  const streams = Map.groupBy(points, ({ record }) => `${record.machine} ${record.stream}`);
  return new Set(
    [...streams.values()].flatMap((stream) => [
      ...retainedPoints(
        stream.map(({ record }) => record),
        policy,
      ),
    ]),
  );
}

/** The points of a report: manifests that came too late are none. */
function idsOf({ late }: FoundPoints, kept: readonly FoundPoint[], removed: readonly FoundPoint[]) {
  const ids = (points: readonly FoundPoint[]): readonly PointId[] =>
    points.filter((point) => !late.includes(point)).map(({ record }) => record.id);
  return { kept: ids(kept), removed: ids(removed) };
}
