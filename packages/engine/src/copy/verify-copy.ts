import {
  amendError,
  type DiskId,
  type PointId,
  pointId,
  type RecoveryPoint,
  repositoryId,
  SendenseError,
} from '@sendense/core';
import { z } from 'zod';
import type { DiskCopyPlan } from '../backup/copy-disks.ts';
import { disposeQuietly } from '../jobs/dispose-quietly.ts';
import { copiesPrefix, copyKey } from '../journal/journal-keys.ts';
import { openJournalRecord } from '../journal/journal-record.ts';
import { verifyView } from '../restore/verify-view.ts';
import type { CopyProgress, CopyRun } from './copy-run.ts';
import type { Original } from './open-original.ts';

/** A copy that was about to be committed and has not been read back: the next run makes up for it. */
const unverifiedCopySchema = z.object({
  schema: z.literal(1),
  from: z.string().transform(repositoryId),
});

function recordOf({ context, request: { to } }: CopyRun, point: PointId) {
  return openJournalRecord(context.journal, copyKey(to.id, point), unverifiedCopySchema, context.fence);
}

/** Before the commit: a process that ends between it and the verification leaves this. */
export async function noteUnverified(run: CopyRun, point: PointId): Promise<void> {
  await (await recordOf(run, point)).write({ schema: 1, from: run.request.from.id });
}

/** Points at the destination whose copies were never read back. */
export async function readUnverified({ context, request: { from, to } }: CopyRun): Promise<PointId[]> {
  const prefix = copiesPrefix(to.id);
  const found: PointId[] = [];
  for await (const key of context.journal.list(prefix)) {
    const point = pointId(key.slice(prefix.length));
    const record = await openJournalRecord(context.journal, key, unverifiedCopySchema, context.fence);
    if (record.value?.from === from.id) found.push(point);
  }
  return found;
}

/**
 * Reads back from the destination what was copied of each disk and compares it with the source: with the digests it keeps, or with
 * its bytes. Rejects with `CORRUPT` at the first difference; the copy then stays on the list of what is to be verified.
 */
export async function verifyCopy(
  run: CopyRun,
  point: RecoveryPoint,
  { views }: Original,
  plans: ReadonlyMap<DiskId, DiskCopyPlan>,
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
    throw amendError(error, {
      message: `the copy of point ${point.id} cannot be trusted: ${error.message}`,
      remedy: `verify both repositories; if the original is intact, delete the copy at the destination and copy again`,
      context: { point: point.id },
    });
  } finally {
    await disposeQuietly(job, 'copy', copy);
  }
  await (await recordOf(run, point.id)).write(undefined);
}

function differs(point: PointId, disk: DiskId): SendenseError {
  return new SendenseError('CORRUPT', `disk ${disk} is missing in the copy, or has another size`, {
    operation: 'verify-copy',
    context: { point, disk },
  });
}
