import type {
  ChangeState,
  InstantId,
  JobId,
  Keep,
  PlanId,
  RecoveryPoint,
  Repository,
  RepositoryId,
  StreamId,
} from '@sendense/core';
import type { EngineContext } from '../jobs/engine-context.ts';
import { RESTORE_PREFIX, STREAM_PREFIX } from '../journal/journal-keys.ts';
import { openRestoreRecord } from '../journal/restore-record.ts';
import { openStreamRecord, type StreamRecord } from '../journal/stream-record.ts';

/** What one repository holds of one stream. */
type StreamPoints = {
  readonly instants: Set<InstantId>;
  newest: RecoveryPoint;
  lastFull: RecoveryPoint | undefined;
};

/**
 * What is alive: states of instants that a destination holds, captures of runs whose worker lives, restores that can be
 * resumed, or are complete. Where a stream's repository was not given, all its journalled states stay.
 */
export async function buildKeep(
  context: EngineContext,
  repositories: readonly Repository[],
  options: { readonly graceMs: number; readonly signal: AbortSignal },
): Promise<Keep> {
  const known = new Set<RepositoryId>(repositories.map((repository) => repository.id));
  const points = new Map<StreamId, StreamPoints>();
  for (const repository of repositories) await collectPoints(repository, points, options.signal);
  const records = await readStreams(context);
  const alive = records.filter((record) => isAlive(context, record));
  const journalled = records.flatMap((record) => {
    const all = alive.includes(record) || !known.has(record.repository);
    const held = points.get(record.stream)?.instants;
    return all ? record.states : record.states.filter((state) => held?.has(state.instant) === true);
  });
  const stored = [...points.values()].flatMap(({ newest, lastFull }) => [
    ...newest.states,
    ...(lastFull?.states ?? []),
  ]);
  return {
    owner: context.owner,
    states: uniqueStates([...journalled, ...stored]),
    captures: alive.flatMap((record) => (record.run === null ? [] : [record.run.captureId])),
    ...(await knownPlans(context)),
    replicas: [],
    graceMs: options.graceMs,
    streams: [...new Set([...records.map((record) => record.stream), ...points.keys()])],
  };
}

async function collectPoints(
  repository: Repository,
  streams: Map<StreamId, StreamPoints>,
  signal: AbortSignal,
): Promise<void> {
  for await (const point of repository.points({}, { signal })) {
    const full = point.kind === 'full' ? point : undefined;
    const known = streams.get(point.stream) ?? { instants: new Set(), newest: point, lastFull: full };
    known.instants.add(point.instant);
    if (point.sequence > known.newest.sequence) known.newest = point;
    if (full && full.sequence > (known.lastFull?.sequence ?? -1)) known.lastFull = full;
    streams.set(point.stream, known);
  }
}

async function readStreams(context: EngineContext): Promise<readonly StreamRecord[]> {
  const records: StreamRecord[] = [];
  for await (const key of context.journal.list(STREAM_PREFIX)) {
    const stream = key.slice(STREAM_PREFIX.length) as StreamId;
    const { value } = await openStreamRecord(context.journal, stream, context.fence);
    if (value !== undefined) records.push(value);
  }
  return records;
}

function isAlive(context: EngineContext, { run, stream }: StreamRecord): boolean {
  if (run === null) return false;
  return run.holder === context.fence.holder ? context.busy.has(stream) : context.isHolderAlive(run.holder);
}

async function knownPlans(context: EngineContext): Promise<Required<Pick<Keep, 'restores' | 'completed'>>> {
  const restores: PlanId[] = [];
  const completed: PlanId[] = [];
  for await (const key of context.journal.list(RESTORE_PREFIX)) {
    const job = key.slice(RESTORE_PREFIX.length) as JobId;
    const { value } = await openRestoreRecord(context.journal, job, context.fence);
    if (!value?.plan || value.outcome === 'rolled-back') continue;
    restores.push(value.plan.id);
    if (value.outcome === 'completed') completed.push(value.plan.id);
  }
  return { restores, completed };
}

function uniqueStates(states: readonly ChangeState[]): readonly ChangeState[] {
  return [...new Map(states.map((state) => [`${state.stream}\n${state.instant}`, state])).values()];
}
