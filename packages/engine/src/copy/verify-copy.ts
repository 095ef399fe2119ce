import { amendError, type DiskId, type PointId, type RecoveryPoint, SendenseError } from '@sendense/core';
import type { DiskCopyPlan } from '../backup/copy-disks.ts';
import { disposeQuietly } from '../jobs/dispose-quietly.ts';
import type { JournalRecord } from '../journal/journal-record.ts';
import { verifyView } from '../restore/verify-view.ts';
import type { CopyNote } from './copy-notes.ts';
import type { CopyProgress, CopyRun } from './copy-run.ts';
import type { Original } from './open-original.ts';

/** What to do about a copy that differs. Copies that were built on it have its bytes. */
export const CORRUPT_COPY_REMEDY =
  'verify both repositories; if the original is intact, delete the copy at the destination and every later one of its machine there, and copy again';

/** A copy that is at the destination, and what it was made from. */
export type CopyToVerify = {
  readonly point: RecoveryPoint;
  readonly original: Original;
  /** How each disk was copied. One without a plan is read back whole. */
  readonly plans: ReadonlyMap<DiskId, DiskCopyPlan>;
  readonly note: JournalRecord<CopyNote>;
};

/**
 * Reads back from the destination what was copied of each disk and compares it with the source: with the digests it keeps, or with
 * its bytes. Rejects with `CORRUPT` at the first difference; its note then says so.
 */
export async function verifyCopy(
  run: CopyRun,
  { point, original: { views }, plans, note }: CopyToVerify,
  progress: CopyProgress,
): Promise<void> {
  const { job, request } = run;
  const copy = await request.to.open(point.id, { signal: job.signal });
  const part = progress.part();
  const call = { signal: job.signal };
  try {
    for (const view of views) {
      const disk = copy.disks.find(({ id }) => id === view.id);
      if (disk?.sizeBytes !== view.sizeBytes) throw differs(point.id, view.id);
      const isDelta = plans.get(view.id)?.kind === 'delta' && view.changes.kind === 'incremental';
      const workBytes = isDelta
        ? (point.disks.find(({ id }) => id === view.id)?.writtenBytes ?? 0)
        : view.sizeBytes;
      const extents = isDelta ? view.changes.extents(call) : undefined;
      await verifyView(
        job,
        { view, actual: disk.reader, workBytes, ...(extents && { extents }) },
        part,
        call,
      );
    }
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    if (note.value !== undefined) await note.write({ ...note.value, isCorrupt: true });
    throw amendError(error, {
      message: `the copy of point ${point.id} cannot be trusted: ${error.message}`,
      remedy: CORRUPT_COPY_REMEDY,
      context: { point: point.id },
    });
  } finally {
    await disposeQuietly(job, 'copy', copy);
  }
  await note.write(undefined);
}

function differs(point: PointId, disk: DiskId): SendenseError {
  return new SendenseError('CORRUPT', `disk ${disk} is missing in the copy, or has another size`, {
    operation: 'verify-copy',
    context: { point, disk },
  });
}
