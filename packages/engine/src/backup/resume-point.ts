import { type Capture, type PointWriter, pointId } from '@sendense/core';
import type { JournalRecord } from '../journal/journal-record.ts';
import type { InterruptedRun, StreamRecord, StreamRun } from '../journal/stream-record.ts';
import type { BackupRun } from './backup-run.ts';
import type { FreezeOrder } from './freeze-machine.ts';
import { journalRun } from './journal-run.ts';
import type { StreamStanding } from './recover-stream.ts';

/** What a run starts with: the point of the run that was interrupted, where the repository may go on with it, else a new one. */
export function startingIds(
  run: BackupRun,
  { unfinished }: StreamStanding,
  { captureId }: FreezeOrder,
): InterruptedRun {
  const begun = unfinished !== undefined && unfinished.instant !== null;
  if (begun && run.repository.capabilities.resumesPoint) return { ...unfinished, captureId };
  return { captureId, pointId: newPointId(run), instant: null };
}

/**
 * Journals which instant the point is of, before anything of it is stored. A point that was begun stays the point of this run
 * only when the source gives the very instant that it was begun with: bytes of two instants never meet in one point.
 */
export async function settlePoint(
  run: BackupRun,
  record: JournalRecord<StreamRecord>,
  started: StreamRun,
  { instant: { id: instant } }: Capture,
): Promise<StreamRun> {
  if (!run.repository.capabilities.resumesPoint || started.instant === instant) return started;
  const begun = started.instant !== null;
  if (begun)
    run.job.report({
      severity: 'info',
      code: 'point-abandoned',
      message: `the frozen instant of the interrupted point ${started.pointId} is gone: a new point is made, and only what the repository does not hold is sent`,
      object: started.pointId,
    });
  return journalRun(run, record, { ...started, instant, pointId: begun ? newPointId(run) : started.pointId });
}

/** Tells which disks go on where an interrupted run stopped, and with how much. */
export async function reportResumed({ job }: BackupRun, writer: PointWriter): Promise<void> {
  for (const [disk, target] of writer.disks) {
    let doneBytes = 0;
    for await (const { length } of target.durable?.({ signal: job.signal }) ?? []) doneBytes += length;
    if (doneBytes === 0) continue;
    job.report({
      severity: 'info',
      code: 'point-resumed',
      message: `the disk goes on where an interrupted backup stopped: its first ${doneBytes} of ${target.sizeBytes} bytes are stored`,
      disk,
    });
  }
}

function newPointId({ context }: BackupRun) {
  return pointId(context.services.random.uuid());
}
