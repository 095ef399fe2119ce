import type { RecoveryPoint } from '@sendense/core';
import type { JournalRecord } from '../journal/journal-record.ts';
import type { CopyNote } from './copy-notes.ts';
import type { CopyRun } from './copy-run.ts';

/** A pinned point stays pinned, where the destination keeps pins. Until it is, its note says so. */
export async function keepHold(
  run: CopyRun,
  point: RecoveryPoint,
  note: JournalRecord<CopyNote>,
): Promise<void> {
  if (note.value?.isUnpinned !== true) return;
  if (point.held) await pin(run, point);
  await note.write({ ...note.value, isUnpinned: false });
}

async function pin({ request: { to }, job }: CopyRun, { id }: RecoveryPoint): Promise<void> {
  const annotate = to.maintenance?.annotate?.bind(to.maintenance);
  if (annotate !== undefined) {
    await annotate(id, { held: true }, { signal: job.signal });
    return;
  }
  job.report({
    severity: 'warning',
    code: 'hold-not-kept',
    message: `point ${id} is pinned, and the destination keeps no pins: its retention may remove it`,
    point: id,
  });
}
