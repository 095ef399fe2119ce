import { type Call, guardRepository, guardTarget, type JobId, jobId, SendenseError } from '@sendense/core';
import { refuseLiveHolder, withClaim } from '../jobs/claim.ts';
import type { EngineContext } from '../jobs/engine-context.ts';
import { type JobStart, runJob } from '../jobs/run-job.ts';
import type { RestoreOrder } from '../journal/restore-order.ts';
import { openRestoreRecord, type RestoreRecord } from '../journal/restore-record.ts';
import type {
  RestoreMachineRequest,
  RestoreMachineResult,
  RestoreRunOptions,
  ResumeRestoreRequest,
} from './restore-request.ts';
import { amendRecord, pendingSteps, type RestoreRunContext, restoreRecord } from './restore-run.ts';
import { runRestore, summarizeRestore } from './run-restore.ts';

/** Restores a point to a target in named steps, each journalled, so that it can be resumed at the one that failed. */
export function restore(
  context: EngineContext,
  request: RestoreMachineRequest,
  call: Call = {},
): Promise<RestoreMachineResult> {
  const repository = guardRepository(request.repository);
  const target = guardTarget(request.target);
  const id = request.jobId ?? jobId(context.services.random.uuid());
  const subject = { repository: repository.id, point: request.point };
  return runJob(context, { ...startOf(id, request, call), subject }, (job) =>
    withClaim(context, id, async () => {
      const record = await openRestoreRecord(context.journal, id, context.fence);
      if (record.value !== undefined) throw jobExists(id);
      await record.write(newRecord(context, id, request));
      const run = { context, job, repository, target, options: request, record };
      return runRestore(run, request);
    }),
  );
}

/** Goes on with a restore of this or an earlier process. A finished one gives its result again. */
export function resumeRestore(
  context: EngineContext,
  request: ResumeRestoreRequest,
  call: Call = {},
): Promise<RestoreMachineResult> {
  const { jobId: id } = request;
  const subject = { repository: request.repository.id };
  return runJob(context, { ...startOf(id, request, call), subject }, (job) =>
    withClaim(context, id, async () => {
      const run = await reopenRestore(context, job, request);
      const { outcome, plan, result, order } = restoreRecord(run);
      if (outcome === 'completed' && plan !== null && result !== null)
        return summarizeRestore(run, plan, result);
      if (outcome === 'rolled-back') throw rolledBack(id);
      await amendRecord(run, { outcome: 'running', holder: context.fence.holder });
      return runRestore(run, order);
    }),
  );
}

/** Opens the record of a job for another attempt. Rejects with `NOT_FOUND`, or `CONFIG_INVALID` for the wrong place. */
export async function reopenRestore(
  context: EngineContext,
  job: RestoreRunContext['job'],
  request: ResumeRestoreRequest,
): Promise<RestoreRunContext> {
  const repository = guardRepository(request.repository);
  const target = guardTarget(request.target);
  const record = await openRestoreRecord(context.journal, request.jobId, context.fence);
  if (record.value === undefined) throw jobUnknown(request.jobId);
  const known = record.value;
  if (known.outcome === 'running') refuseLiveHolder(context, request.jobId, known.holder);
  if (known.repository !== repository.id || known.platform !== target.platform)
    throw new SendenseError(
      'CONFIG_INVALID',
      `the restore reads repository ${known.repository} and writes to ${known.platform}`,
      { operation: 'resume-restore', remedy: 'open the repository and the target that it was started with' },
    );
  return { context, job, repository, target, options: request, record };
}

/** The error for a job that the journal does not know. */
export function jobUnknown(id: JobId): SendenseError {
  return new SendenseError('NOT_FOUND', `there is no restore job ${id}`, {
    operation: 'open-restore',
    remedy: 'check the job id, and that the state directory is the one it was started with',
  });
}

function startOf(id: JobId, options: RestoreRunOptions, call: Call): Omit<JobStart, 'subject'> {
  const { pace, rateBytesPerSecond } = options;
  return {
    verb: 'restore',
    jobId: id,
    call,
    ...(pace !== undefined && { pace }),
    ...(rateBytesPerSecond !== undefined && { rateBytesPerSecond }),
  };
}

function newRecord(context: EngineContext, id: JobId, request: RestoreMachineRequest): RestoreRecord {
  const now = context.clock.now().toISOString();
  return {
    schema: 1,
    job: id,
    holder: context.fence.holder,
    outcome: 'running',
    repository: request.repository.id,
    point: request.point,
    platform: request.target.platform,
    createdAt: now,
    updatedAt: now,
    verify: request.verify ?? true,
    order: orderOf(request),
    host: request.host ?? null,
    plan: null,
    state: null,
    steps: pendingSteps(),
    progress: { doneBytes: 0, totalBytes: 0, bytesWritten: 0, elapsedMs: 0, verifyMs: 0, verified: false },
    findings: [],
    result: null,
  };
}

/** What the check needs, without the handles: it is journalled. */
function orderOf({ into, existing, disks, overwrite, start, options }: RestoreMachineRequest): RestoreOrder {
  return {
    ...(into !== undefined && { into }),
    ...(existing !== undefined && { existing }),
    ...(disks !== undefined && { disks }),
    ...(overwrite !== undefined && { overwrite }),
    ...(start !== undefined && { start }),
    ...(options !== undefined && { options }),
  };
}

function jobExists(id: JobId): SendenseError {
  return new SendenseError('ALREADY_EXISTS', `there is already a restore job ${id}`, {
    operation: 'restore',
    remedy: 'resume it, or leave the job id out',
  });
}

function rolledBack(id: JobId): SendenseError {
  return new SendenseError('CONFLICT', `the restore job ${id} was rolled back`, {
    operation: 'resume-restore',
    remedy: 'start a new restore',
  });
}
