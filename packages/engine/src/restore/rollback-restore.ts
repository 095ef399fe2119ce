import type { Call, RollbackReport } from '@sendense/core';
import { withClaim } from '../jobs/claim.ts';
import { disposeQuietly } from '../jobs/dispose-quietly.ts';
import type { EngineContext } from '../jobs/engine-context.ts';
import { runJob } from '../jobs/run-job.ts';
import { openWriter } from './begin-restore.ts';
import { reopenRestore } from './restore.ts';
import type { ResumeRestoreRequest } from './restore-request.ts';
import { amendRecord, type RestoreRunContext, restoreRecord } from './restore-run.ts';

/** What a rollback removed, in the target's own words, with all findings of the job. */
export type RollbackResult = RollbackReport;

/**
 * Removes what an unfinished restore made at the target. What is complete stays at most targets: that is a finding, the result is not
 * `undone`, and the restore keeps its outcome, so that it can still be completed and `reconcile` takes nothing of it away. Repeating it
 * is harmless. Rejects with what the target says when it cannot be reached; nothing is forgotten then.
 */
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
      const { removed, undone } = await job.step('rollback', () => removeMade(run));
      const findings = [...job.findings];
      await amendRecord(run, { ...(undone && { outcome: 'rolled-back' }), findings });
      return { removed, findings, undone };
    }),
  );
}

async function removeMade(run: RestoreRunContext): Promise<Omit<RollbackReport, 'findings'>> {
  const { plan, state } = restoreRecord(run);
  // Nothing is made before the target saved its first state.
  if (plan === null || state === null) return { removed: [], undone: true };
  // That nothing is left is for its rollback to say: what cannot be found may be the target.
  const writer = await openWriter(run, plan, state, { undo: true });
  try {
    const report = await writer.rollback();
    for (const finding of report.findings) run.job.report(finding);
    return report;
  } finally {
    await disposeQuietly(run.job, 'restore', writer);
  }
}
