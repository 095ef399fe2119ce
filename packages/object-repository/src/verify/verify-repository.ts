import type { Call, Finding, PointId, VerifyScope } from '@sendense/core';
import { oldestFirst } from '@sendense/plugin-kit/points';
import type { RepositoryContext } from '../context.ts';
import { DamageNotes } from '../maintain/damaged-packs.ts';
import { lateFinding } from '../maintain/late-points.ts';
import { withOwnIndex } from '../maintain/own-index.ts';
import { takeBackDamage } from '../maintain/take-back-damage.ts';
import type { FoundPoints } from '../read/point-catalog.ts';
import { damage } from './damage.ts';
import { DirectoryWalk } from './directory-walk.ts';
import { findDoubted, NO_DOUBTS } from './doubted-packs.ts';
import { GoneCopies } from './gone-copies.ts';
import { type CursorState, parseCursor } from './verify-cursor.ts';
import { verifyPacks } from './verify-packs.ts';
import { verifyPoints } from './verify-points.ts';
import { VerifyProgress } from './verify-progress.ts';
import { verifySmallObjects } from './verify-small-objects.ts';

/** What to verify, beyond the contract's scope. */
export type ObjectVerifyScope = VerifyScope & {
  /** Only what lies behind this point. */
  readonly after?: PointId;
};

/**
 * Verifies a repository; see `Repository.verify`. Each point without damage is told as `point-verified`, and where a budget ended as
 * `verify-stopped`.
 */
export async function* verifyRepository(
  shared: RepositoryContext,
  scope: ObjectVerifyScope,
  call?: Call,
): AsyncGenerator<Finding> {
  shared.enter('verify-points', call);
  const { depth, points, after, sample } = scope;
  const { configuration, keys } = shared;
  const key = { repository: configuration.id, keys, depth, points, after, sample };
  const resumed = scope.resume === undefined ? undefined : parseCursor(scope.resume, key);
  const startMs = shared.clock.monotonicMs();
  await using context = withOwnIndex(shared);
  // Manifests first: the index objects of each were there before it.
  const found = await context.points.all(call);
  await context.index.refresh(call);
  const state = resumed ?? beginning(context, scope);
  const records = found.points.map(({ record, manifestId }) => ({ ...record, manifestId }));
  const progress = new VerifyProgress(key, behind(oldestFirst(records), scope), state, scope.onCoverage);
  await using notes = new DamageNotes(context, (packs) => progress.noteUnnoted(packs));
  const isOver = () => scope.budgetMs !== undefined && context.clock.monotonicMs() - startMs > scope.budgetMs;
  if (state.errors > 0) yield toldBefore(state.errors);
  if (resumed === undefined && after === undefined)
    for await (const finding of verifySmallObjects(context, call)) {
      progress.noteError();
      yield finding;
    }
  try {
    yield* verifyAll(context, { scope, found, notes, progress, isOver }, call);
  } finally {
    // also of one that breaks off; not before all is told that a verification which is resumed does not look at
    progress.tell();
  }
}

/** A verification, and what it learns by. */
type Verification = {
  readonly scope: ObjectVerifyScope;
  readonly found: FoundPoints;
  readonly notes: DamageNotes;
  readonly progress: VerifyProgress;
  readonly isOver: () => boolean;
};

/** All but the small objects. Manifests, index objects and the listing of packs are looked at also by one that is resumed. */
async function* verifyAll(
  context: RepositoryContext,
  { scope, found, notes, progress, isOver }: Verification,
  call?: Call,
): AsyncGenerator<Finding> {
  const { index } = context;
  const lost = new Set<string>();
  const told = new Set<string>();
  if (scope.after === undefined) {
    for (const [object, error] of found.damaged) yield damage('manifest-damaged', error, object);
    yield* found.late.map(lateFinding);
    yield* damagedIndexes(context, told);
  } else for (const object of index.damaged.keys()) told.add(object);
  const directories = new DirectoryWalk(progress, isOver, context.clock);
  yield* verifyPacks(context, { lost, notes, directories }, call);
  // those that took the place of others meanwhile
  yield* damagedIndexes(context, told);
  if (!directories.isStopped) progress.directories.noteAll();
  else if (!progress.directories.wasDone) {
    yield stoppedEarly();
    return;
  }
  await using gone = new GoneCopies(context, call);
  const isResumed = scope.resume !== undefined;
  const doubted = isResumed ? await findDoubted(context, progress.doubted, call) : NO_DOUBTS;
  const maps = { table: await index.table(call), lost, gone, notes, doubted };
  const hurt = yield* verifyPoints(context, { scope, notes, progress, isOver, maps }, call);
  if (hurt === undefined) return;
  if (directories.isStopped) yield stoppedEarly();
  else if (scope.depth === 'data' && scope.points === undefined && !isOver())
    yield* await takeBackDamage(context, new Set([...lost, ...hurt]), call);
}

function beginning({ random }: RepositoryContext, { sample = 1, after }: ObjectVerifyScope): CursorState {
  const seed = Buffer.from(random.bytes(4)).readUInt32LE();
  const directories = after === undefined ? { checked: new Set<string>(), begun: {}, wasDone: false } : null;
  const none = { checked: new Set<string>(), hurt: new Set<string>(), doubted: new Set<string>() };
  return { sample, seed, errors: 0, ...none, directories, within: null };
}

function stoppedEarly(): Finding {
  const message = 'the time was over while the directories of packs were read';
  return { severity: 'warning', code: 'verify-stopped', message };
}

function toldBefore(errors: number): Finding {
  const message = `errors that were told before this verification was resumed, and are not told again: ${errors}`;
  return { severity: 'error', code: 'damage-told-before', message };
}

/** Index objects that were found damaged since the last time; `told` are their keys. */
function* damagedIndexes({ index }: RepositoryContext, told: Set<string>): Generator<Finding> {
  for (const [object, error] of index.damaged) {
    if (told.has(object)) continue;
    told.add(object);
    yield damage('index-damaged', error, object);
  }
}

function behind<P extends { readonly id: PointId }>(
  points: readonly P[],
  scope: ObjectVerifyScope,
): readonly P[] {
  const start = scope.after === undefined ? 0 : points.findIndex(({ id }) => id === scope.after) + 1;
  return points.slice(start).filter(({ id }) => scope.points?.includes(id) ?? true);
}
