import type { JobId } from '@sendense/core';
import type { EngineContext } from '../jobs/engine-context.ts';
import { openRestoreRecord, type RestoreRecord } from '../journal/restore-record.ts';
import { jobUnknown } from './restore.ts';
import type { RestoreState, RestoreStatus } from './restore-request.ts';

/** How far a restore is: of this process, of another one, or finished long ago. Rejects with `NOT_FOUND`. */
export async function restoreStatus(context: EngineContext, id: JobId): Promise<RestoreStatus> {
  const { value } = await openRestoreRecord(context.journal, id, context.fence);
  if (value === undefined) throw jobUnknown(id);
  const { doneBytes, totalBytes, elapsedMs, verified } = value.progress;
  const state = stateOf(context, value);
  const percent =
    state === 'completed' ? 100 : totalBytes === 0 ? 0 : Math.min(99, (doneBytes / totalBytes) * 100);
  const rate = elapsedMs > 0 ? doneBytes / (elapsedMs / 1000) : 0;
  return {
    jobId: id,
    pointId: value.point,
    state,
    steps: value.steps.map(({ name, state: step, error }) => ({ name, state: step, error })),
    percent,
    etaSeconds: state === 'running' && rate > 0 ? Math.max(0, totalBytes - doneBytes) / rate : null,
    verified,
    host: value.host,
    createdAt: new Date(value.createdAt),
  };
}

function stateOf(context: EngineContext, record: RestoreRecord): RestoreState {
  if (record.outcome !== 'running') return record.outcome;
  const mine = record.holder === context.fence.holder;
  const alive = mine ? context.busy.has(record.job) : context.isHolderAlive(record.holder);
  return alive ? 'running' : 'interrupted';
}
