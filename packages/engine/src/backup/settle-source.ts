import type { Capture, ChangeState, RecoveryPoint } from '@sendense/core';
import { toSendenseError } from '../jobs/to-sendense-error.ts';
import type { JournalRecord } from '../journal/journal-record.ts';
import type { StreamRecord } from '../journal/stream-record.ts';
import type { BackupRun } from './backup-run.ts';
import { neededBaselines } from './baselines.ts';
import { ASSUMED_OTHERS, newStreamRecord, retireStates } from './recover-stream.ts';
import type { StreamHistory } from './stream-history.ts';

/** What a stream needs for differentials by tracking: the last full's baseline, the newest one, and the next candidate. */
const BASELINES_FOR_DIFFERENTIAL = 3;

/** Keeps the candidate baseline. The point is safe by now: a failure only costs the next increment, and is a finding. */
export async function commitCapture(run: BackupRun, capture: Capture): Promise<void> {
  try {
    await run.context.fence.check();
    for (const finding of await capture.commit()) run.job.report(finding);
  } catch (thrown) {
    const { message } = toSendenseError(thrown, 'commit-capture');
    run.job.report({
      severity: 'warning',
      code: 'source-commit-failed',
      message: `the point is safe, but the source may not keep its baseline: ${message}`,
    });
  }
}

/** What is known after the point was committed. */
export type SettledPoint = {
  readonly point: RecoveryPoint;
  readonly sealed: ChangeState | null;
  /** See `Capture`. */
  readonly otherBaselines: number | undefined;
  /** Baselines of before, newest first. */
  readonly held: readonly ChangeState[];
  readonly history: StreamHistory;
};

/** Retires the baselines that no later delta starts from, and closes the run in the journal. */
export async function settleBaselines(
  run: BackupRun,
  record: JournalRecord<StreamRecord>,
  settled: SettledPoint,
): Promise<void> {
  const { point, sealed, held, history, otherBaselines = ASSUMED_OTHERS } = settled;
  // without room for it the last full's baseline goes first: the newest of every stream and the next one matter more
  const room = run.source.capabilities.baselinesPerMachine - otherBaselines;
  const keepsFull = room >= BASELINES_FOR_DIFFERENTIAL;
  const lastFull = point.kind === 'full' ? undefined : history.lastFull?.instant;
  const needed = neededBaselines({
    sealed,
    disks: point.disks.map((disk) => disk.id),
    lastFull: keepsFull ? held.find((state) => state.instant === lastFull) : undefined,
    older: held,
  });
  const needless = held.filter((state) => !needed.includes(state));
  const left = (await retireStates(run, needless)) ? [] : needless;
  try {
    await record.write({
      ...(record.value ?? newStreamRecord(run)),
      run: null,
      states: [...needed, ...left],
    });
  } catch (thrown) {
    const { message } = toSendenseError(thrown, 'journal-baselines');
    run.job.report({
      severity: 'warning',
      code: 'journal-failed',
      message: `the point is safe, but the end of the run is not journalled; the next run recovers: ${message}`,
    });
  }
}
