import {
  type Call,
  guardRepository,
  type PointId,
  type RecoveryPoint,
  type Repository,
  SendenseError,
} from '@sendense/core';
import type { Job } from '../events/job.ts';
import type { EngineContext } from '../jobs/engine-context.ts';
import { runJob } from '../jobs/run-job.ts';
import { copyPoint } from './copy-point.ts';
import type { CopyPointsRequest, CopyPointsResult, FailedCopy } from './copy-request.ts';
import { CopyProgress, type CopyRun, expectedBytes } from './copy-run.ts';
import { failureOf } from './failure-of.ts';
import { finishLeftovers } from './finish-leftovers.ts';
import { type CopyPlan, planCopies, readHeld, streamOf } from './plan-copies.ts';

/** Copies points to another repository: see `Engine.copy`. */
export function copyPoints(
  context: EngineContext,
  given: CopyPointsRequest,
  call: Call = {},
): Promise<CopyPointsResult> {
  const request = { ...given, from: guardRepository(given.from), to: guardRepository(given.to) };
  if (request.from.id === request.to.id) throw sameRepository(request.to);
  const { jobId, machine, rateBytesPerSecond = null } = request;
  const subject = { repository: request.to.id, ...(machine !== undefined && { machine }) };
  const start = { verb: 'copy', subject, call, rateBytesPerSecond, ...(jobId && { jobId }) } as const;
  return runJob(context, start, async (job) => {
    const run = await prepare(context, job, request);
    return copyAll(run, planCopies(run));
  });
}

async function prepare(context: EngineContext, job: Job, request: CopyPointsRequest): Promise<CopyRun> {
  const originals = new Map<PointId, RecoveryPoint>();
  for await (const point of request.from.points({}, { signal: job.signal })) originals.set(point.id, point);
  return { context, job, request, originals, held: await readHeld({ request, job }) };
}

async function copyAll(run: CopyRun, plan: CopyPlan): Promise<CopyPointsResult> {
  const { job, request } = run;
  const { skipped } = plan;
  const failed: FailedCopy[] = [...(await finishLeftovers(run, plan))];
  const stopped = new Set(failed.map(({ point }) => streamOfId(run, point)));
  // what comes after a copy that failed builds on it
  const streams = plan.streams.filter(([point]) => point === undefined || !stopped.has(streamOf(point)));
  const expected = streams.flat().reduce((sum, point) => sum + expectedBytes(point), 0);
  const progress = new CopyProgress(job, request.verify === false ? expected : 2 * expected);
  const copied: PointId[] = [];
  let [bytesRead, bytesStored] = [0, 0];
  for (const stream of streams) {
    for (const point of stream) {
      try {
        const made = await copyPoint(run, point, progress);
        copied.push(point.id);
        bytesRead += made.bytesRead;
        bytesStored += made.point.storedBytes;
      } catch (thrown) {
        failed.push({ point: point.id, error: failureOf(job, thrown) });
        break; // what comes after it builds on it
      }
    }
  }
  const [first] = failed;
  // several are told together: one may be worse than the first
  if (first !== undefined && failed.length === 1 && copied.length === 0) throw first.error;
  const verified = request.verify !== false && failed.length === 0;
  if (request.verify === false && copied.length > 0) reportUnverified(job);
  return {
    jobId: job.id,
    copied,
    skipped,
    failed,
    bytesRead,
    bytesStored,
    verified,
    findings: [...job.findings],
  };
}

function streamOfId({ originals }: CopyRun, id: PointId): string | undefined {
  const original = originals.get(id);
  return original && streamOf(original);
}

function reportUnverified(job: Job): void {
  const message = 'the copies were not read back, as asked';
  job.report({ severity: 'warning', code: 'verify-skipped', message });
}

function sameRepository({ id }: Repository): SendenseError {
  return new SendenseError('CONFIG_INVALID', 'source and destination are the same repository', {
    operation: 'copy-points',
    remedy: 'name another repository to copy to',
    context: { repository: id },
  });
}
