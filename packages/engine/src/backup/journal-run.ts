import type { Capture, ChangeState, PointWriter, RecoveryPoint } from '@sendense/core';
import { throwIfAborted } from '../jobs/to-sendense-error.ts';
import type { JournalRecord } from '../journal/journal-record.ts';
import type { InterruptedRun, StreamRecord, StreamRun } from '../journal/stream-record.ts';
import type { BackupRun } from './backup-run.ts';
import { commitPoint } from './commit-point.ts';
import { newStreamRecord } from './recover-stream.ts';

/** Step 1 of the order: the capture id is journalled before anything is made that carries it. */
export async function journalStart(
  run: BackupRun,
  record: JournalRecord<StreamRecord>,
  ids: InterruptedRun,
): Promise<StreamRun> {
  const { fence, clock } = run.context;
  const started = { ...ids, holder: fence.holder, startedAt: clock.now().toISOString() };
  return journalRun(run, record, started);
}

/** Journals the run under way. */
export async function journalRun(
  run: BackupRun,
  record: JournalRecord<StreamRecord>,
  started: StreamRun,
): Promise<StreamRun> {
  await record.write({
    ...(record.value ?? newStreamRecord(run)),
    machine: run.request.machine,
    run: started,
    interrupted: null,
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

/** After a clean abandon nothing is left that the id names, so the run is over; its point may still be gone on with. */
export async function journalEnd(run: BackupRun, record: JournalRecord<StreamRecord>): Promise<void> {
  const before = record.value;
  if (before === undefined || before.run === null) return;
  try {
    const { captureId, pointId, instant } = before.run;
    const isResumable = run.repository.capabilities.resumesPoint && instant !== null;
    const interrupted = isResumable ? { captureId, pointId, instant } : null;
    await record.write({ ...before, run: null, interrupted });
  } catch (error) {
    run.job.log('warn', 'the end of the run could not be journalled; the next run recovers', {
      error: String(error),
    });
  }
}
