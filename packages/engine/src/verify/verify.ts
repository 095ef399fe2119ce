import {
  amendError,
  type Call,
  type Finding,
  guardRepository,
  type JobId,
  type PointId,
  type Repository,
  type VerifyCoverage,
  type VerifyScope,
} from '@sendense/core';
import type { EngineContext } from '../jobs/engine-context.ts';
import { runJob } from '../jobs/run-job.ts';
import { toSendenseError } from '../jobs/to-sendense-error.ts';

/** What to verify. */
export type VerifyRequest = {
  readonly repository: Repository;
  /** All points by default. */
  readonly points?: readonly PointId[];
  /** `structure` reads metadata only; `data` (default) also every stored byte. */
  readonly depth?: 'structure' | 'data';
  readonly jobId?: JobId;
} & Pick<VerifyScope, 'sample' | 'budgetMs' | 'resume'>;

/** What a verification found. Damage is a finding of severity `error`, not a rejection. */
export type VerifyResult = {
  readonly jobId: JobId;
  readonly checkedBytes: number;
  readonly findings: readonly Finding[];
  /** No finding of severity `error`. */
  readonly intact: boolean;
  /** Nothing of what was asked for is left. */
  readonly complete: boolean;
  /** How far it came; `null` where the repository does not tell. */
  readonly coverage: VerifyCoverage | null;
};

/**
 * Verifies points of a repository. Rejects with `UNSUPPORTED` when a sample, a budget or a cursor to resume is given that the
 * repository does not offer; when it fails or is cancelled on its way, the context of the error has the `cursor` to go on with.
 */
export function verify(
  context: EngineContext,
  request: VerifyRequest,
  call: Call = {},
): Promise<VerifyResult> {
  const repository = guardRepository(request.repository);
  const { jobId, points, depth = 'data', sample, budgetMs, resume } = request;
  const start = {
    verb: 'verify',
    subject: { repository: repository.id },
    call,
    ...(jobId && { jobId }),
  } as const;
  return runJob(context, start, async (job) => {
    let checkedBytes = 0;
    let coverage: VerifyCoverage | null = null;
    const scope: VerifyScope = {
      depth,
      ...(points !== undefined && { points }),
      ...(sample !== undefined && { sample }),
      ...(budgetMs !== undefined && { budgetMs }),
      ...(resume !== undefined && { resume }),
      onCoverage: (told) => (coverage = told),
    };
    const found = repository.verify(scope, {
      signal: job.signal,
      onProgress(progress) {
        if (progress.unit === 'bytes') checkedBytes = progress.done;
        call.onProgress?.(progress);
      },
    });
    try {
      for await (const finding of found) job.report(finding);
    } catch (thrown) {
      throw withCursor(thrown, coverage, job.signal);
    }
    const findings = [...job.findings];
    const intact = findings.every((finding) => finding.severity !== 'error');
    const { cursor = null } = (coverage as VerifyCoverage | null) ?? {};
    return { jobId: job.id, checkedBytes, findings, intact, complete: cursor === null, coverage };
  });
}

/** What failed, with where to go on. */
function withCursor(thrown: unknown, coverage: VerifyCoverage | null, signal: AbortSignal): unknown {
  if (coverage?.cursor === undefined || coverage.cursor === null) return thrown;
  return amendError(toSendenseError(thrown, 'verify', signal), { context: { cursor: coverage.cursor } });
}
