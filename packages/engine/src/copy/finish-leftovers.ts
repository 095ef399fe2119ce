import { type PointId, type RecoveryPoint, SendenseError } from '@sendense/core';
import type { JournalRecord } from '../journal/journal-record.ts';
import { type CopyNote, readCopyNotes } from './copy-notes.ts';
import type { FailedCopy } from './copy-request.ts';
import { CopyProgress, type CopyRun, expectedBytes } from './copy-run.ts';
import { failureOf } from './failure-of.ts';
import { keepHold } from './keep-hold.ts';
import { openOriginal } from './open-original.ts';
import { type CopyPlan, streamOf } from './plan-copies.ts';
import { CORRUPT_COPY_REMEDY, verifyCopy } from './verify-copy.ts';

/**
 * Pins and reads back the copies that an earlier run committed and did not get to, as a whole: what they build on may be such a
 * copy, too. Of points that were not asked for, those of streams which go on now. Those that fail must not be built on.
 */
export async function finishLeftovers(
  run: CopyRun,
  { streams, skipped }: CopyPlan,
): Promise<readonly FailedCopy[]> {
  const asked = new Set(skipped);
  const goingOn = new Set(streams.flatMap(([point]) => (point === undefined ? [] : [streamOf(point)])));
  const failed: FailedCopy[] = [];
  const unread: PointId[] = [];
  for (const [id, note] of await readCopyNotes(run)) {
    const point = leftover(run, id);
    if (point === undefined) {
      if (!run.held.points.has(id)) continue; // deleted there, too
      if (note.value?.from !== run.request.from.id) continue; // its original is in another repository
      if (note.value.isCorrupt) reportOrphan(run, id);
      else unread.push(id);
    } else if (asked.has(id) || goingOn.has(streamOf(point)))
      await finish(run, point, note).catch((thrown: unknown) =>
        failed.push({ point: id, error: failureOf(run.job, thrown) }),
      );
  }
  if (unread.length > 0) reportUnread(run, unread);
  return failed;
}

/** The original of a point that the destination holds: bytes of another source at the same instant are the same. */
function leftover({ originals, held }: CopyRun, id: PointId): RecoveryPoint | undefined {
  const original = originals.get(id);
  return original?.instant === held.points.get(id)?.instant ? original : undefined;
}

/** Nothing builds on a copy without its original, and nothing can be compared with it. */
function reportOrphan({ job }: CopyRun, id: PointId): void {
  const message = `the copy of point ${id} was read back before, and cannot be trusted; its original is gone`;
  job.report({ severity: 'error', code: 'copy-corrupt', message, point: id });
}

/** One finding for all of them: there may be as many as a retention of the source removed. */
function reportUnread({ job }: CopyRun, [first, ...others]: readonly PointId[]): void {
  if (first === undefined) return;
  const message =
    others.length === 0
      ? `the copy of point ${first} was never read back, and its original is gone`
      : `${others.length + 1} copies were never read back, and their originals are gone: ${first} and others`;
  const advice = 'verify tells whether they can be read; nothing is built on them';
  job.report({
    severity: 'warning',
    code: 'copy-unverified',
    message: `${message}; ${advice}`,
    point: first,
  });
}

async function finish(run: CopyRun, point: RecoveryPoint, note: JournalRecord<CopyNote>): Promise<void> {
  await keepHold(run, point, note);
  if (run.request.verify !== false) return verifyLeftover(run, point, note);
  if (note.value?.isCorrupt === true) throw knownCorrupt(point, note.value);
}

async function verifyLeftover(run: CopyRun, point: RecoveryPoint, note: JournalRecord<CopyNote>) {
  await using original = await openOriginal(run, point, new Map());
  const progress = new CopyProgress(run.job, expectedBytes(point));
  await verifyCopy(run, { point, original, plans: new Map(), note }, progress);
}

function knownCorrupt({ id }: RecoveryPoint, { from }: CopyNote): SendenseError {
  return new SendenseError('CORRUPT', `the copy of point ${id} was read back before, and cannot be trusted`, {
    operation: 'copy-points',
    remedy: CORRUPT_COPY_REMEDY,
    context: { point: id, copiedFrom: from },
  });
}
