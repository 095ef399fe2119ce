import { createJobProgress, type JobProgress } from '../events/job-progress.ts';
import { amendRecord, type RestoreRunContext, restoreRecord } from './restore-run.ts';

/** The least time between two journal entries of the progress. */
const JOURNAL_EVERY_MS = 1000;

/** Progress of a restore, for the events and, about once a second, for the journal: another process shows it. */
export type RestoreProgress = JobProgress & {
  /** Writes where it stands; awaits what is still being written. */
  settle(also?: Partial<ReturnType<typeof restoreRecord>['progress']>): Promise<void>;
};

/** `plannedBytes`: of copying and verifying; `doneBefore`: of steps that an earlier attempt finished. */
export function createRestoreProgress(
  run: RestoreRunContext,
  plannedBytes: number,
  doneBefore: number,
): RestoreProgress {
  const progress = createJobProgress(run.job, plannedBytes, doneBefore);
  const startedMs = run.job.clock.monotonicMs();
  const elapsedBefore = restoreRecord(run).progress.elapsedMs;
  let writtenMs = startedMs;
  let writing: Promise<void> = Promise.resolve();

  const write = (also: Partial<ReturnType<typeof restoreRecord>['progress']> = {}): Promise<void> => {
    const { doneBytes, totalBytes } = progress.done();
    const elapsedMs = elapsedBefore + run.job.clock.monotonicMs() - startedMs;
    return amendRecord(run, {
      progress: { ...restoreRecord(run).progress, doneBytes, totalBytes, elapsedMs, ...also },
    });
  };
  return {
    done: () => progress.done(),
    disk(disk, work, totalBytes, skippedBytes) {
      const report = progress.disk(disk, work, totalBytes, skippedBytes);
      return (done) => {
        report(done);
        const nowMs = run.job.clock.monotonicMs();
        if (nowMs - writtenMs < JOURNAL_EVERY_MS) return;
        writtenMs = nowMs;
        writing = write().catch((error: unknown) =>
          run.job.log('warn', 'the progress of the restore could not be journalled', {
            error: String(error),
          }),
        );
      };
    },
    async settle(also) {
      await writing;
      await write(also);
    },
  };
}
