import type { DiskId } from '@sendense/core';
import type { DiskWork } from './engine-events.ts';
import type { Job } from './job.ts';
import { createProgressMeter, type WorkDone } from './progress-meter.ts';

/** Progress of several disks, summed into the job's. */
export type JobProgress = {
  /**
   * Adds a disk with its amount of work in bytes, of which an earlier attempt did `skippedBytes`; the returned function sets how much
   * of it is done, with those.
   */
  disk(disk: DiskId, work: DiskWork, totalBytes: number, skippedBytes?: number): (done: WorkDone) => void;
  /** Sum over all disks. */
  done(): WorkDone & { readonly totalBytes: number };
};

/**
 * Reports `disk-progress` of each disk and `job-progress` of their sum over `plannedBytes`, beginning at `doneBefore`
 * bytes that an earlier attempt did.
 */
export function createJobProgress(job: Job, plannedBytes: number, doneBefore = 0): JobProgress {
  const disks = new Map<string, WorkDone>();
  const sum = (): WorkDone => ({
    doneBytes: doneBefore + total(disks, 'doneBytes'),
    movedBytes: total(disks, 'movedBytes'),
  });
  const whole = createProgressMeter(job.clock, plannedBytes, (progress) =>
    job.emit('job-progress', progress),
  );
  whole.skip(doneBefore);
  return {
    disk(disk, work, totalBytes, skippedBytes = 0) {
      const meter = createProgressMeter(job.clock, totalBytes, (progress) =>
        job.emit('disk-progress', { ...progress, disk, work }),
      );
      meter.skip(skippedBytes);
      whole.skip(skippedBytes);
      disks.set(`${work} ${disk}`, { doneBytes: skippedBytes, movedBytes: 0 });
      return (done) => {
        meter.update(done);
        disks.set(`${work} ${disk}`, { ...done, doneBytes: Math.min(done.doneBytes, totalBytes) });
        whole.update(sum());
      };
    },
    done: () => ({ ...sum(), totalBytes: plannedBytes }),
  };
}

function total(disks: ReadonlyMap<string, WorkDone>, what: keyof WorkDone): number {
  return [...disks.values()].reduce((bytes, done) => bytes + done[what], 0);
}
