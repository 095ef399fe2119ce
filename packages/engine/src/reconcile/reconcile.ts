import {
  type Call,
  type Finding,
  guardRepository,
  guardSource,
  guardTarget,
  type JobId,
  type Keep,
  type ReconcileReport,
  type Repository,
  type SourceConnector,
  type TargetConnector,
} from '@sendense/core';
import type { Job } from '../events/job.ts';
import type { EngineContext } from '../jobs/engine-context.ts';
import { runJob } from '../jobs/run-job.ts';
import { toSendenseError } from '../jobs/to-sendense-error.ts';
import { buildKeep } from './build-keep.ts';

/** Objects younger than this stay: another process may be about to journal them. One hour. */
const GRACE_MS = 60 * 60 * 1000;

/** Where to clean, and which repositories say what is alive. */
export type ReconcileRequest = {
  readonly sources?: readonly SourceConnector[];
  readonly targets?: readonly TargetConnector[];
  /** Those the streams of the sources write to: a stream of another repository keeps everything it journalled. */
  readonly repositories?: readonly Repository[];
  readonly graceMs?: number;
  readonly jobId?: JobId;
};

/** What was removed, in the platforms' own words. */
export type ReconcileResult = {
  readonly jobId: JobId;
  readonly removed: readonly string[];
  readonly findings: readonly Finding[];
};

/** Removes what dead runs left at sources and targets. A place that fails is a finding; the others are still cleaned. */
export function reconcile(
  context: EngineContext,
  request: ReconcileRequest,
  call: Call = {},
): Promise<ReconcileResult> {
  const { jobId, graceMs = GRACE_MS } = request;
  return runJob(context, { verb: 'reconcile', subject: {}, call, ...(jobId && { jobId }) }, async (job) => {
    const repositories = (request.repositories ?? []).map((repository) => guardRepository(repository));
    const sources = (request.sources ?? []).map((source) => guardSource(source));
    const keep = await buildKeep(context, repositories, { graceMs, signal: job.signal });
    const removed: string[] = [];
    for (const place of [...sources, ...(request.targets ?? []).map((target) => guardTarget(target))]) {
      const report = await reconcilePlace(job, place, keep);
      removed.push(...(report?.removed ?? []));
    }
    return { jobId: job.id, removed, findings: [...job.findings] };
  });
}

async function reconcilePlace(
  job: Job,
  place: SourceConnector | TargetConnector,
  keep: Keep,
): Promise<ReconcileReport | null> {
  try {
    const report = await place.reconcile(keep, { signal: job.signal });
    for (const finding of report.findings) job.report(finding);
    return report;
  } catch (thrown) {
    const error = toSendenseError(thrown, 'reconcile', job.signal);
    if (error.code === 'ABORTED') throw error;
    const message = `${place.platform} could not be cleaned: ${error.message}`;
    job.report({ severity: 'warning', code: 'reconcile-failed', message, object: place.platform });
    return null;
  }
}
