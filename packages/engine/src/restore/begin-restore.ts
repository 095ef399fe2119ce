import {
  type Artifact,
  isRestoreGone,
  type RestorePlan,
  type RestoreRun,
  type RestoreWriter,
} from '@sendense/core';
import { amendRecord, amendStep, type RestoreRunContext, restoreRecord, runStep } from './restore-run.ts';

/** Opens the target's writer: a new one, or the one of an earlier attempt, so far as the target can resume. */
export function beginRestore(
  run: RestoreRunContext,
  plan: RestorePlan,
  artifacts: readonly Artifact[],
): Promise<RestoreWriter> {
  return runStep(run, 'begin', async () => {
    const { state } = restoreRecord(run);
    if (state !== null && run.target.capabilities.resume !== 'none') {
      const resumed = await resumeWriter(run, plan, state, artifacts);
      if (resumed !== null) return resumed;
    }
    await forgetCopy(run);
    return openWriter(run, plan, undefined, { artifacts });
  });
}

/** `null` when the target says that nothing of the earlier attempt is there any more. */
async function resumeWriter(
  run: RestoreRunContext,
  plan: RestorePlan,
  state: NonNullable<Parameters<typeof openWriter>[2]>,
  artifacts: readonly Artifact[],
): Promise<RestoreWriter | null> {
  try {
    return await openWriter(run, plan, state, { artifacts });
  } catch (error) {
    if (!isRestoreGone(error, plan.id)) throw error;
    const message = 'nothing of the earlier attempt is left at the target: it starts over';
    run.job.report({ severity: 'info', code: 'restore-restarted', message });
    return null;
  }
}

/** Opens the writer and saves every state it gives before going on. */
export function openWriter(
  run: RestoreRunContext,
  plan: RestorePlan,
  resume: ReturnType<typeof restoreRecord>['state'] | undefined,
  { artifacts = [], undo }: Pick<RestoreRun, 'artifacts' | 'undo'> = {},
): Promise<RestoreWriter> {
  const { context, job, target } = run;
  return target.begin(
    plan,
    {
      fence: context.fence,
      artifacts,
      save: (state) => amendRecord(run, { state }),
      ...(resume && { resume }),
      ...(undo && { undo }),
    },
    { signal: job.signal },
  );
}

/** A writer that starts over has none of the bytes that an earlier one wrote. */
async function forgetCopy(run: RestoreRunContext): Promise<void> {
  await amendRecord(run, { progress: { ...restoreRecord(run).progress, bytesWritten: 0, verified: false } });
  for (const name of ['copy', 'flush', 'verify'] as const) {
    const step = restoreRecord(run).steps.find((one) => one.name === name);
    if (step?.state !== 'skipped' && step?.state !== 'pending')
      await amendStep(run, name, { state: 'pending' });
  }
}
