import { type PointId, pointId, type RepositoryId, repositoryId } from '@sendense/core';
import { z } from 'zod';
import { copiesPrefix, copyKey } from '../journal/journal-keys.ts';
import { type JournalRecord, openJournalRecord } from '../journal/journal-record.ts';
import type { CopyRun } from './copy-run.ts';

/** What is still to be done for a copy, noted before its commit and removed when it was pinned and read back. */
export type CopyNote = {
  readonly schema: 1;
  readonly from: RepositoryId;
  /** Its original is pinned, and it is not known to be. */
  readonly isUnpinned: boolean;
  /** It was read back and differs: nothing may build on it. */
  readonly isCorrupt: boolean;
};

const copyNoteSchema = z.object({
  schema: z.literal(1),
  from: z.string().transform(repositoryId),
  isUnpinned: z.boolean().default(false),
  isCorrupt: z.boolean().default(false),
});

/** The note of one copy. */
export function openCopyNote(run: CopyRun, point: PointId): Promise<JournalRecord<CopyNote>> {
  return openAt(run, copyKey(run.request.to.id, point));
}

/** Every note of the destination, by the point; some may be of points that it has no more. */
export async function readCopyNotes(run: CopyRun): Promise<ReadonlyMap<PointId, JournalRecord<CopyNote>>> {
  const prefix = copiesPrefix(run.request.to.id);
  const notes = new Map<PointId, JournalRecord<CopyNote>>();
  for await (const key of run.context.journal.list(prefix))
    notes.set(pointId(key.slice(prefix.length)), await openAt(run, key));
  return notes;
}

function openAt({ context }: CopyRun, key: string): Promise<JournalRecord<CopyNote>> {
  return openJournalRecord(context.journal, key, copyNoteSchema, context.fence);
}
