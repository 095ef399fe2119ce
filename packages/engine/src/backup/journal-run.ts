import type { Capture, ChangeState, PointWriter, RecoveryPoint } from '@sendense/core';
import { throwIfAborted } from '../jobs/to-sendense-error.ts';
import type { JournalRecord } from '../journal/journal-record.ts';
import type { StreamRecord, StreamRun } from '../journal/stream-record.ts';
import type { BackupRun } from './backup-run.ts';
import { commitPoint } from './commit-point.ts';
import { newStreamRecord } from './recover-stream.ts';

/** Step 1 of the order: the capture id is journalled before anything is made that carries it. */
export async function journalStart(
  run: BackupRun,
  record: JournalRecord<StreamRecord>,
  ids: Pick<StreamRun, 'captureId' | 'pointId'>,
): Promise<StreamRun> {
  const { fence, clock } = run.context;
  const started: StreamRun = {
    ...ids,
    holder: fence.holder,
    startedAt: clock.now().toISOString(),
    instant: null,
  };
  await record.write({
    ...(record.value ?? newStreamRecord(run)),
    machine: run.request.machine,
    run: started,
  });
  return started;
}

/** What a commit needs besides the writer. */
export type CommitGround = {
  readonly record: JournalRecord<StreamRecord>;
  readonly started: StreamRun;
  readonly capture: Capture;
};

/** Steps 4 and 5: the state under its instant, then the point. The last moment to cancel is before them. */
export async function journalAndCommit(
  run: BackupRun,
  ground: CommitGround,
  writer: PointWriter,
  sealed: ChangeState | null,
): Promise<RecoveryPoint> {
  const { record, started, capture } = ground;
  throwIfAborted(run.job.signal, 'commit-point');
  const before = record.value ?? newStreamRecord(run);
  const others = before.states.filter((state) => state.instant !== sealed?.instant);
  await record.write({
    ...before,
    run: { ...started, instant: capture.instant.id },
    states: sealed === null ? before.states : [sealed, ...others],
  });
  return commitPoint(run, writer, sealed === null ? [] : [sealed]);
}

/** After a clean abandon nothing is left that the id names, so the run is over. */
export async function journalEnd(run: BackupRun, record: JournalRecord<StreamRecord>): Promise<void> {
  const before = record.value;
  if (before === undefined || before.run === null) return;
  try {
    await record.write({ ...before, run: null });
  } catch (error) {
    run.job.log('warn', 'the end of the run could not be journalled; the next run recovers', {
      error: String(error),
    });
  }
}
