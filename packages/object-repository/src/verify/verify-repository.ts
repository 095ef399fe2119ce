import type { Call, Finding, PointId, VerifyScope } from '@sendense/core';
import { oldestFirst } from '@sendense/plugin-kit/points';
import type { RepositoryContext } from '../context.ts';
import { DamageNotes, readDamagedPacks } from '../maintain/damaged-packs.ts';
import { lateFinding } from '../maintain/late-points.ts';
import { withOwnIndex } from '../maintain/own-index.ts';
import { takeBackDamage } from '../maintain/take-back-damage.ts';
import type { FoundPoints } from '../read/point-catalog.ts';
import { damage } from './damage.ts';
import { DirectoryWalk } from './directory-walk.ts';
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
  const key = { repository: shared.configuration.id, depth, points, after, sample };
  const resumed = scope.resume === undefined ? undefined : parseCursor(scope.resume, key);
  const startMs = shared.clock.monotonicMs();
  await using context = withOwnIndex(shared);
  await using notes = new DamageNotes(context);
  // Manifests first: the index objects of each were there before it.
  const found = await context.points.all(call);
  await context.index.refresh(call);
  const state = resumed ?? beginning(context, scope);
  const wanted = behind(oldestFirst(found.points.map((point) => point.record)), scope);
  const progress = new VerifyProgress(key, wanted, state, scope.onCoverage);
  const isOver = () => scope.budgetMs !== undefined && context.clock.monotonicMs() - startMs > scope.budgetMs;
  const request = { scope, found, notes, progress, isOver };
  if (state.errors > 0) yield toldBefore(state.errors);
  for await (const finding of verifyAll(context, request, call)) {
    if (finding.severity === 'error') progress.noteError();
    yield finding;
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

async function* verifyAll(
  context: RepositoryContext,
  { scope, found, notes, progress, isOver }: Verification,
  call?: Call,
): AsyncGenerator<Finding> {
  const { index } = context;
  const lost = new Set<string>();
  /** Index objects and packs. */
  const told = new Set<string>();
  const isBeginning = scope.after === undefined && scope.resume === undefined;
  if (isBeginning) {
    yield* verifySmallObjects(context, call);
    yield* damagedIndexes(context, told);
  } else for (const object of index.damaged.keys()) told.add(object);
  const directories = new DirectoryWalk(progress, isOver, context.clock);
  yield* verifyPacks(context, { lost, notes, directories }, call);
  // those that took the place of others meanwhile
  yield* damagedIndexes(context, told);
  if (isBeginning) {
    for (const [object, error] of found.damaged) yield damage('manifest-damaged', error, object);
    yield* found.late.map(lateFinding);
  }
  if (directories.isStopped) {
    progress.tell();
    yield stoppedEarly();
    return;
  }
  progress.noteAllDirectories();
  await using gone = new GoneCopies(context, call);
  const doubted = await packsInDoubt(context, scope, call);
  const maps = { table: await index.table(call), lost, gone, notes, doubted };
  const hurt = yield* verifyPoints(context, { scope, notes, progress, isOver, maps, told }, call);
  if (hurt !== undefined && scope.depth === 'data' && scope.points === undefined && !isOver())
    yield* await takeBackDamage(context, new Set([...lost, ...hurt]), call);
}

/** What a verification that is resumed reads again though it was gone through: whatever lies in packs that are noted. */
async function packsInDoubt(
  context: RepositoryContext,
  { resume }: VerifyScope,
  call?: Call,
): Promise<ReadonlySet<string>> {
  if (resume === undefined) return new Set();
  return new Set((await readDamagedPacks(context, call)).flatMap(({ packs }) => [...packs]));
}

function beginning({ random }: RepositoryContext, { sample = 1, after }: ObjectVerifyScope): CursorState {
  const seed = Buffer.from(random.bytes(4)).readUInt32LE();
  const directories = after === undefined ? { checked: new Set<string>(), begun: {} } : null;
  return { sample, seed, errors: 0, checked: new Set(), directories, within: null };
}

function stoppedEarly(): Finding {
  const message = 'the time was over while the directories of packs were read';
  return { severity: 'warning', code: 'verify-stopped', message };
}

function toldBefore(errors: number): Finding {
  const message = `${errors} errors were told before this verification was resumed, and are not told again`;
  return { severity: 'warning', code: 'damage-told-before', message };
}

/** Index objects that were found damaged since the last time. */
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
