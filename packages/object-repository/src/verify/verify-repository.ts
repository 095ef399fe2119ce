import { type Call, type Finding, type PointId, throwIfAborted, type VerifyScope } from '@sendense/core';
import { oldestFirst } from '@sendense/plugin-kit/points';
import type { RepositoryContext } from '../context.ts';
import { packKey } from '../layout/object-keys.ts';
import { DamageNotes } from '../maintain/damaged-packs.ts';
import { lateFinding } from '../maintain/late-points.ts';
import { withOwnIndex } from '../maintain/own-index.ts';
import { takeBackDamage } from '../maintain/take-back-damage.ts';
import { damage } from './damage.ts';
import { GoneCopies } from './gone-copies.ts';
import { MapVerifier } from './verify-map.ts';
import { verifyPacks } from './verify-packs.ts';
import { verifySmallObjects } from './verify-small-objects.ts';

/** What to verify, beyond the contract's scope. */
export type ObjectVerifyScope = VerifyScope & {
  /** With depth `data`: which part of the chunks is read, 0 to 1; each has the same chance. Default 1. */
  readonly sample?: number;
  /** Goes on behind this point, where an earlier verification stopped. */
  readonly after?: PointId;
  /** Stops before the first point that begins later than this. */
  readonly budgetMs?: number;
};

/**
 * Verifies a repository; see `Repository.verify`. Each whole point is told as `point-verified`, and where a budget ended as
 * `verify-stopped`.
 */
export async function* verifyRepository(
  shared: RepositoryContext,
  scope: ObjectVerifyScope,
  call?: Call,
): AsyncGenerator<Finding> {
  shared.enter('verify-points', call);
  await using context = withOwnIndex(shared);
  await using notes = new DamageNotes(context);
  const { index, clock } = context;
  const startMs = clock.monotonicMs();
  const isOver = () => scope.budgetMs !== undefined && clock.monotonicMs() - startMs > scope.budgetMs;
  // Manifests first: the index objects of each were there before it.
  const { points, late, damaged } = await context.points.all(call);
  await index.refresh(call);
  const lost = new Set<string>();
  /** Index objects and packs. */
  const told = new Set<string>();
  const isBeginning = scope.after === undefined;
  if (isBeginning) {
    yield* verifySmallObjects(context, call);
    yield* damagedIndexes(context, told);
  } else for (const object of index.damaged.keys()) told.add(object);
  yield* verifyPacks(context, { lost, notes, directories: isBeginning }, call);
  // those that took the place of others meanwhile
  yield* damagedIndexes(context, told);
  if (isBeginning) {
    for (const [object, error] of damaged) yield damage('manifest-damaged', error, object);
    yield* late.map(lateFinding);
  }
  await using gone = new GoneCopies(context, call);
  const request = { table: await index.table(call), lost, gone, notes, sample: sampleOf(scope) };
  const verifier = new MapVerifier(context, request, call);
  for (const record of behind(oldestFirst(points.map((point) => point.record)), scope)) {
    throwIfAborted(call?.signal, 'verify-points');
    if (isOver()) {
      const message = `the time was over before point ${record.id}`;
      yield { severity: 'warning', code: 'verify-stopped', message, point: record.id };
      return;
    }
    let hurt = 0;
    for await (const finding of verifier.verify(record)) {
      hurt += 1;
      yield* await notes.settle(call);
      yield finding;
    }
    yield* await notes.settle(call);
    yield* tellPacks(verifier.hurtPacks, told);
    if (hurt === 0)
      yield {
        severity: 'info',
        code: 'point-verified',
        message: `point ${record.id} is whole`,
        point: record.id,
      };
  }
  if (scope.depth === 'data' && scope.points === undefined && !isOver())
    yield* await takeBackDamage(context, new Set([...lost, ...verifier.hurtPacks]), call);
}

/** Index objects that were found damaged since the last time. */
function* damagedIndexes({ index }: RepositoryContext, told: Set<string>): Generator<Finding> {
  for (const [object, error] of index.damaged) {
    if (told.has(object)) continue;
    told.add(object);
    yield damage('index-damaged', error, object);
  }
}

/** Packs that were found hurt since the last time. */
function* tellPacks(packs: ReadonlySet<string>, told: Set<string>): Generator<Finding> {
  for (const pack of packs) {
    if (told.has(pack)) continue;
    told.add(pack);
    const object = packKey(pack);
    const message = `a chunk in ${object} cannot be read; a full backup stores it again`;
    yield { severity: 'error', code: 'pack-damaged', message, object };
  }
}

function sampleOf({ depth, sample = 1 }: ObjectVerifyScope): number {
  return depth === 'data' ? sample : 0;
}

function behind<P extends { readonly id: PointId }>(
  points: readonly P[],
  scope: ObjectVerifyScope,
): readonly P[] {
  const start = scope.after === undefined ? 0 : points.findIndex(({ id }) => id === scope.after) + 1;
  return points.slice(start).filter(({ id }) => scope.points?.includes(id) ?? true);
}
