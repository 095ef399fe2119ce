import type { PointId, RecoveryPoint } from '@sendense/core';
import type { Job } from '../events/job.ts';
import { createJobProgress, type JobProgress } from '../events/job-progress.ts';
import type { EngineContext } from '../jobs/engine-context.ts';
import type { CopyPointsRequest } from './copy-request.ts';
import type { HeldPoints } from './plan-copies.ts';

/** What all steps of one copy share. */
export type CopyRun = {
  readonly context: EngineContext;
  readonly job: Job;
  readonly request: CopyPointsRequest;
  readonly held: HeldPoints;
  /** Every point of the source: ancestors of those that are copied. */
  readonly originals: ReadonlyMap<PointId, RecoveryPoint>;
};

/** Bytes that a point is expected to move once. */
export function expectedBytes({ disks }: RecoveryPoint): number {
  return disks.reduce(
    (sum, { base, sizeBytes, writtenBytes }) => sum + (base === null ? sizeBytes : writtenBytes),
    0,
  );
}

/** Progress of several points, one after the other, as that of one job over `plannedBytes`. */
export class CopyProgress {
  readonly #job: Job;
  readonly #plannedBytes: number;
  #doneBytes = 0;

  constructor(job: Job, plannedBytes: number) {
    this.#job = job;
    this.#plannedBytes = plannedBytes;
  }

  /** Progress of the next part. */
  part(): JobProgress {
    return createJobProgress(this.#job, this.#plannedBytes, this.#doneBytes);
  }

  /** A part that was expected to take `bytes` is done. */
  done(bytes: number): void {
    this.#doneBytes += bytes;
  }
}
