import {
  type Call,
  type Finding,
  guardRepository,
  type JobId,
  type MachineKey,
  type PointId,
  type Repository,
  type RetentionPolicy,
  retentionPolicySchema,
  SendenseError,
} from '@sendense/core';
import type { EngineContext } from '../jobs/engine-context.ts';
import { runJob } from '../jobs/run-job.ts';

/** What to keep. */
export type PruneRequest = {
  readonly repository: Repository;
  readonly policy: RetentionPolicy;
  /** One machine only. */
  readonly machine?: MachineKey;
  /** Tells what would go; removes nothing. */
  readonly dryRun?: boolean;
  readonly jobId?: JobId;
};

/** What went, or would go. */
export type PruneResult = {
  readonly jobId: JobId;
  readonly kept: readonly PointId[];
  readonly removed: readonly PointId[];
  readonly freedBytes: number;
  readonly findings: readonly Finding[];
};

/** Applies a retention policy. Baselines of removed points are retired by the next run of their stream. */
export function prune(context: EngineContext, request: PruneRequest, call: Call = {}): Promise<PruneResult> {
  const repository = guardRepository(request.repository);
  const policy = checkPolicy(request.policy);
  const { jobId, machine, dryRun = false } = request;
  const subject = { repository: repository.id, ...(machine !== undefined && { machine }) };
  const start = { verb: 'prune', subject, call, ...(jobId && { jobId }) } as const;
  return runJob(context, start, async (job) => {
    const { maintenance } = repository;
    if (maintenance === undefined) throw noMaintenance(repository);
    const report = await maintenance.prune(policy, {
      dryRun,
      signal: job.signal,
      ...(machine !== undefined && { machine }),
      ...(call.onProgress && { onProgress: call.onProgress }),
    });
    for (const finding of report.findings) job.report(finding);
    return { ...report, jobId: job.id, findings: [...job.findings] };
  });
}

function checkPolicy(policy: RetentionPolicy): RetentionPolicy {
  const parsed = retentionPolicySchema.safeParse(policy);
  if (parsed.success) return policy;
  const reasons = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '));
  throw new SendenseError('CONFIG_INVALID', reasons.join('; '), {
    operation: 'prune',
    remedy: 'say how many points to keep, e.g. keep-last 7',
  });
}

function noMaintenance(repository: Repository): SendenseError {
  return new SendenseError(
    'UNSUPPORTED',
    `the repository ${repository.id} was opened without delete rights`,
    {
      operation: 'prune',
      remedy: 'open it with credentials that may delete',
    },
  );
}
