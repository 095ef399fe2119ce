import { type Call, type Finding, SendenseError } from '@sendense/core';
import { withClaim } from '../jobs/claim.ts';
import { disposeQuietly } from '../jobs/dispose-quietly.ts';
import type { EngineContext } from '../jobs/engine-context.ts';
import { runJob } from '../jobs/run-job.ts';
import { openWriter } from './begin-restore.ts';
import { reopenRestore } from './restore.ts';
import type { ResumeRestoreRequest } from './restore-request.ts';
import { amendRecord, type RestoreRunContext, restoreRecord } from './restore-run.ts';

/** What a rollback removed, in the target's own words. */
export type RollbackResult = { readonly removed: readonly string[]; readonly findings: readonly Finding[] };

/** Removes everything a restore made at the target; also what a finished one made. Repeating it is harmless. */
export function rollbackRestore(
  context: EngineContext,
  request: ResumeRestoreRequest,
  call: Call = {},
): Promise<RollbackResult> {
  const { jobId } = request;
  const start = { verb: 'restore', jobId, subject: { repository: request.repository.id }, call } as const;
  return runJob(context, start, (job) =>
    withClaim(context, jobId, async () => {
      const run = await reopenRestore(context, job, request);
      const removed = await job.step('rollback', () => removeMade(run));
      await amendRecord(run, { outcome: 'rolled-back', findings: [...job.findings] });
      return { removed, findings: [...job.findings] };
    }),
  );
}

async function removeMade(run: RestoreRunContext): Promise<readonly string[]> {
  const { plan, state } = restoreRecord(run);
  // Nothing is made before the target saved its first state.
  if (plan === null || state === null) return [];
  const writer = await openWriter(run, plan, state, { undo: true }).catch((error: unknown) => {
    if (SendenseError.is(error, 'NOT_FOUND')) return null;
    throw error;
  });
  if (writer === null) return [];
  try {
    const report = await writer.rollback();
    for (const finding of report.findings) run.job.report(finding);
    return report.removed;
  } finally {
    await disposeQuietly(run.job, 'restore', writer);
  }
}
