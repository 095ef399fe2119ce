import type { JobView } from '@sendense/api';
import { SendenseError } from '@sendense/core';
import { RESTORE_STEPS } from '@sendense/engine';
import type { PrintedRestoreStatus } from '../../output/describe-restore.ts';
import type { JobOption } from '../../program/job-flag.ts';
import type { Desk } from './desk.ts';

/** How far a restore of the server is. Rejects with `NOT_FOUND` for a job that is none. */
export async function showRestore(
  { client, session }: Desk,
  { job }: JobOption,
): Promise<PrintedRestoreStatus> {
  const view = await client.showJob({ job_id: job }, session.call);
  const { job_id: jobId, kind, backup_id: pointId, state, progress, result } = view;
  if (kind !== 'restore' || pointId === null) throw noRestore(jobId);
  return {
    jobId,
    pointId,
    state,
    steps: printSteps(view),
    percent: state === 'completed' ? 100 : Math.min(99, progress?.percent ?? 0),
    etaSeconds: progress?.eta_seconds ?? null,
    verified: result !== null && 'verified' in result && result.verified,
    createdAt: view.created_at,
  };
}

/** A server tells of steps that were begun: of a job that is done, the others were not needed. */
function printSteps({ steps, state: jobState }: JobView): PrintedRestoreStatus['steps'] {
  const untold = jobState === 'completed' ? 'skipped' : 'pending';
  return RESTORE_STEPS.map((name) => {
    const { state = untold, error = null } = steps.find((step) => step.name === name) ?? {};
    return { name, state, error: error === null ? null : { message: error } };
  });
}

function noRestore(job: string): SendenseError {
  return new SendenseError('NOT_FOUND', `job ${job} is no restore`, {
    operation: 'find-job',
    context: { job },
  });
}
