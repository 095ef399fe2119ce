import { type CaptureId, type ChangeState, captureId, SendenseError } from '@sendense/core';
import { refuseLiveHolder } from '../jobs/claim.ts';
import type { EngineContext } from '../jobs/engine-context.ts';
import { toSendenseError } from '../jobs/to-sendense-error.ts';
import type { JournalRecord } from '../journal/journal-record.ts';
import { type InterruptedRun, openStreamRecord, type StreamRecord } from '../journal/stream-record.ts';
import type { BackupRun } from './backup-run.ts';
import { heldBaselines } from './baselines.ts';
import { readStreamHistory, type StreamHistory } from './stream-history.ts';

/** Baselines of other streams that are made room for where the source does not say how many there are. */
export const ASSUMED_OTHERS = 1;

/** Where a stream stands before a run. */
export type StreamStanding = {
  readonly record: JournalRecord<StreamRecord>;
  readonly history: StreamHistory;
  /** Baselines that may be used, newest first. */
  readonly held: readonly ChangeState[];
  /** Journalled baselines whose instant the destination does not hold: of a run that died, or of a deleted point. */
  readonly orphaned: readonly ChangeState[];
  /** The run that ended before its point was committed: capturing with its id again adopts or removes what it left. */
  readonly unfinished: InterruptedRun | undefined;
};

/** Reads journal and destination; changes nothing. Rejects with `LOCKED` while another worker runs the stream. */
export async function readStanding(run: BackupRun): Promise<StreamStanding> {
  const { context, stream, repository, machineKey, job } = run;
  const record = await openStreamRecord(context.journal, stream, context.fence);
  const known = record.value;
  refuseForeignStream(run, known);
  if (known?.run) refuseLiveHolder(context, stream, known.run.holder);
  const history = await readStreamHistory(repository, { machine: machineKey, stream }, job.signal);
  const last = known?.run ?? known?.interrupted ?? undefined;
  const committed =
    last !== undefined &&
    (history.has(last.pointId) || (last.instant !== null && history.holds(last.instant)));
  const states = known?.states ?? [];
  return {
    record,
    history,
    held: heldBaselines(history, states, { machine: run.request.machine, stream }),
    orphaned: states.filter((state) => !history.holds(state.instant)),
    unfinished: committed ? undefined : last,
  };
}

/**
 * Brings the stream into order after a run that died: exactly the states of instants that the destination holds stay.
 * Returns the id for the next capture.
 */
export async function recoverStream(run: BackupRun, standing: StreamStanding): Promise<CaptureId> {
  const { context, job } = run;
  if (standing.record.value?.run)
    job.report({
      severity: 'info',
      code: 'run-recovered',
      message:
        standing.unfinished === undefined
          ? 'the last run stopped after its point was committed; its baseline is kept'
          : 'the last run stopped before its point was committed; what it left at the source is taken over or removed',
    });
  const left = (await retireStates(run, standing.orphaned)) ? [] : standing.orphaned;
  await writeStates(run, standing.record, [...standing.held, ...left]);
  return standing.unfinished?.captureId ?? newCaptureId(context);
}

/** A capture id that starts with the owner's prefix, by which `reconcile` knows what is ours. */
export function newCaptureId(context: EngineContext): CaptureId {
  return captureId(`${context.owner}-${context.services.random.uuid()}`);
}

/** Retires baselines at the source. A failure is a finding: they stay journalled and are retired by a later run. */
export async function retireStates(run: BackupRun, states: readonly ChangeState[]): Promise<boolean> {
  if (states.length === 0) return true;
  try {
    await run.source.retire(states);
    return true;
  } catch (thrown) {
    const { message } = toSendenseError(thrown, 'retire-baselines');
    run.job.report({
      severity: 'warning',
      code: 'retire-failed',
      message: `${states.length} old baselines stay at the source until the next run: ${message}`,
    });
    return false;
  }
}

/** Journals the live baselines of the stream, keeping what is known of the run. */
export async function writeStates(
  run: BackupRun,
  record: JournalRecord<StreamRecord>,
  states: readonly ChangeState[],
): Promise<void> {
  const before = record.value;
  if (before === undefined && states.length === 0) return;
  const same =
    before?.states.map((state) => state.instant).join() === states.map((state) => state.instant).join();
  if (!same) await record.write({ ...(before ?? newStreamRecord(run)), states });
}

/** The record of a stream that the journal does not know. */
export function newStreamRecord(run: BackupRun): StreamRecord {
  return {
    schema: 1,
    stream: run.stream,
    machine: run.request.machine,
    machineKey: run.machineKey,
    repository: run.repository.id,
    run: null,
    states: [],
  };
}

function refuseForeignStream(run: BackupRun, record: StreamRecord | undefined): void {
  if (record === undefined) return;
  if (record.repository === run.repository.id && record.machineKey === run.machineKey) return;
  throw new SendenseError(
    'CONFIG_INVALID',
    `the stream ${run.stream} belongs to machine ${record.machineKey} and repository ${record.repository}`,
    {
      operation: 'recover-stream',
      remedy: 'give each machine and each repository a stream of its own, or leave the stream out',
      context: { stream: run.stream },
    },
  );
}
