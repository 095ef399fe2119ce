import type { DiskView, PointReader, RestorePlan, RestoreResult, RestoreWriter } from '@sendense/core';
import { disposeQuietly } from '../jobs/dispose-quietly.ts';
import { toSendenseError } from '../jobs/to-sendense-error.ts';
import type { RestoreOrder } from '../journal/restore-order.ts';
import { beginRestore } from './begin-restore.ts';
import { checkTarget } from './check-target.ts';
import { copyRestore, writerOf } from './copy-restore.ts';
import { createRestoreProgress, type RestoreProgress } from './restore-progress.ts';
import type { RestoreMachineResult } from './restore-request.ts';
import {
  amendRecord,
  amendStep,
  isStepDone,
  type RestoreRunContext,
  restoreRecord,
  runStep,
} from './restore-run.ts';
import { verifyRestore } from './verify-restore.ts';

/** Runs the steps that are left, in order; how it ends is journalled. Steps that were finished are not repeated. */
export async function runRestore(run: RestoreRunContext, order: RestoreOrder): Promise<RestoreMachineResult> {
  const { job, repository } = run;
  try {
    const reader = await repository.open(restoreRecord(run).point, { signal: job.signal });
    try {
      return await restoreFrom(run, reader, order);
    } finally {
      await disposeQuietly(job, 'point', reader);
    }
  } catch (thrown) {
    const error = toSendenseError(thrown, 'restore', job.signal);
    const outcome = error.code === 'ABORTED' ? 'cancelled' : 'failed';
    await amendRecord(run, { outcome, findings: [...job.findings] }).catch((failure: unknown) =>
      job.log('error', 'the end of the restore could not be journalled', { error: String(failure) }),
    );
    throw error;
  }
}

async function restoreFrom(
  run: RestoreRunContext,
  reader: PointReader,
  order: RestoreOrder,
): Promise<RestoreMachineResult> {
  const { job } = run;
  job.subject = { ...job.subject, machine: reader.point.machine, machineName: reader.point.spec.name };
  const plan = await planOf(run, reader, order);
  const views = plan.disks.flatMap(({ id }) => reader.disks.filter((disk) => disk.id === id));
  const writer = await beginRestore(run, plan, reader.artifacts);
  try {
    const progress = restoreProgressOf(run, views);
    await copyAndFlush(run, views, writer, progress);
    await verifyStep(run, views, writer, progress);
    await progress.settle();
    // What makes the machine is not cancelled half-way.
    const result = await runStep(
      run,
      'commit',
      () => commitRestore(run, writer),
      (made) => ({ result: made }),
    );
    for (const finding of result.findings) job.report(finding);
    await amendRecord(run, { outcome: 'completed', findings: [...job.findings] });
    return summarizeRestore(run, plan, result);
  } finally {
    await disposeQuietly(job, 'restore', writer);
  }
}

async function planOf(
  run: RestoreRunContext,
  reader: PointReader,
  order: RestoreOrder,
): Promise<RestorePlan> {
  const { plan } = restoreRecord(run);
  if (isStepDone(run, 'check') && plan !== null) return plan;
  return runStep(
    run,
    'check',
    () => checkTarget(run, reader, order),
    (made) => ({ plan: made, state: null }),
  );
}

async function commitRestore(run: RestoreRunContext, writer: RestoreWriter): Promise<RestoreResult> {
  await run.context.fence.check();
  return writer.commit();
}

function restoreProgressOf(run: RestoreRunContext, views: readonly DiskView[]): RestoreProgress {
  const bytes = views.reduce((sum, view) => sum + view.sizeBytes, 0);
  const { verify } = restoreRecord(run);
  const before = (isStepDone(run, 'flush') ? bytes : 0) + (verify && isStepDone(run, 'verify') ? bytes : 0);
  return createRestoreProgress(run, verify ? 2 * bytes : bytes, before);
}

/** A copy counts only once it is flushed: without that it is done again, less what is durable already. */
async function copyAndFlush(
  run: RestoreRunContext,
  views: readonly DiskView[],
  writer: RestoreWriter,
  progress: RestoreProgress,
): Promise<void> {
  if (isStepDone(run, 'flush')) return;
  const before = restoreRecord(run).progress.bytesWritten;
  await runStep(run, 'copy', async () => {
    const bytesWritten = await copyRestore(run, views, writer, progress);
    await progress.settle({ bytesWritten: before + bytesWritten });
  });
  await runStep(run, 'flush', async () => {
    for (const view of views) await writerOf(writer, view).flush({ signal: run.job.signal });
  });
}

async function verifyStep(
  run: RestoreRunContext,
  views: readonly DiskView[],
  writer: RestoreWriter,
  progress: RestoreProgress,
): Promise<void> {
  if (isStepDone(run, 'verify')) return;
  if (!restoreRecord(run).verify) {
    const message = 'the restored disks are not read back: verification was switched off';
    run.job.report({ severity: 'warning', code: 'verify-skipped', message });
    await amendStep(run, 'verify', { state: 'skipped' });
    return;
  }
  await runStep(run, 'verify', async () => {
    const startedMs = run.job.clock.monotonicMs();
    const verified = await verifyRestore(run, views, writer, progress);
    await progress.settle({ verified, verifyMs: run.job.clock.monotonicMs() - startedMs });
  });
}

/** The result of a finished restore, also when it is asked for again. */
export function summarizeRestore(
  run: RestoreRunContext,
  plan: RestorePlan,
  result: RestoreResult,
): RestoreMachineResult {
  const { progress, point } = restoreRecord(run);
  const disks = result.disks.map((disk) => {
    const number = plan.disks.find((planned) => planned.id === disk.id)?.number ?? 0;
    return { id: `disk-${number}`, diskId: disk.id, sizeBytes: disk.sizeBytes, location: disk.location };
  });
  return {
    jobId: run.job.id,
    pointId: point,
    target: result.machine?.id ?? disks[0]?.location ?? '',
    machine: result.machine ?? null,
    disks,
    bytesWritten: progress.bytesWritten,
    durationMs: progress.elapsedMs,
    verified: progress.verified,
    verifyMs: progress.verifyMs,
    findings: restoreRecord(run).findings,
  };
}
