import {
  type Call,
  type Finding,
  guardRepository,
  type JobId,
  type PointId,
  type Repository,
} from '@sendense/core';
import type { EngineContext } from '../jobs/engine-context.ts';
import { runJob } from '../jobs/run-job.ts';

/** What to verify. */
export type VerifyRequest = {
  readonly repository: Repository;
  /** All points by default. */
  readonly points?: readonly PointId[];
  /** `structure` reads metadata only; `data` (default) also every stored byte. */
  readonly depth?: 'structure' | 'data';
  readonly jobId?: JobId;
};

/** What a verification found. Damage is a finding of severity `error`, not a rejection. */
export type VerifyResult = {
  readonly jobId: JobId;
  readonly checkedBytes: number;
  readonly findings: readonly Finding[];
  /** No finding of severity `error`. */
  readonly intact: boolean;
};

/** Verifies points of a repository. */
export function verify(
  context: EngineContext,
  request: VerifyRequest,
  call: Call = {},
): Promise<VerifyResult> {
  const repository = guardRepository(request.repository);
  const { jobId, points, depth = 'data' } = request;
  const start = {
    verb: 'verify',
    subject: { repository: repository.id },
    call,
    ...(jobId && { jobId }),
  } as const;
  return runJob(context, start, async (job) => {
    let checkedBytes = 0;
    const found = repository.verify(
      { depth, ...(points !== undefined && { points }) },
      {
        signal: job.signal,
        onProgress(progress) {
          if (progress.unit === 'bytes') checkedBytes = progress.done;
          call.onProgress?.(progress);
        },
      },
    );
    for await (const finding of found) job.report(finding);
    const findings = [...job.findings];
    const intact = findings.every((finding) => finding.severity !== 'error');
    return { jobId: job.id, checkedBytes, findings, intact };
  });
}
