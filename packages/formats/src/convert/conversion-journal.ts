import { join } from 'node:path';
import { SendenseError } from '@sendense/core';
import { type FileSystem, readSmallFile, writeFileDurably } from '@sendense/plugin-kit/files';
import { z } from 'zod';
import { fileMarkSchema } from './file-mark.ts';

/** A journal is a few names and numbers; a chain has 512 files at most. */
const MAX_JOURNAL_BYTES = 4 * 1024 * 1024;

const journalSchema = z.strictObject({
  schema: z.literal(4),
  source: z.strictObject({
    /** As it was stated, or found. */
    format: z.string(),
    /** Of the disk. */
    sizeBytes: z.int().nonnegative(),
    /** Every file, as it was. */
    files: z.array(fileMarkSchema),
  }),
  target: z.strictObject({
    format: z.string(),
    subformat: z.string().nullable(),
    sizeBytes: z.int().nonnegative(),
  }),
  /** From the start of the disk: copied and durable. */
  doneBytes: z.int().nonnegative(),
  /** What the file of the disk's bytes was long then, without what an attempt put behind that later. */
  fileBytes: z.int().nonnegative(),
  /** The files of a finished image of several, when they were about to get their names, in that order; before, none. */
  publishing: z.array(fileMarkSchema),
});

/** What is remembered of an unfinished conversion. */
export type ConversionJournal = z.infer<typeof journalSchema>;

/** Begins with a dot: not to be published. */
const JOURNAL_NAME = '.conversion.json';

/** What an earlier attempt left; `undefined` when there is nothing that can be read. */
export async function readJournal(
  fileSystem: FileSystem,
  folder: string,
): Promise<ConversionJournal | undefined> {
  try {
    const bytes = await readSmallFile(fileSystem, join(folder, JOURNAL_NAME), MAX_JOURNAL_BYTES);
    const parsed = journalSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || SendenseError.is(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

/** Rejects with `ALREADY_EXISTS` when a folder without a journal holds anything: it is not one of a conversion. */
export async function refuseStranger(fileSystem: FileSystem, folder: string): Promise<void> {
  const there = await fileSystem.stat(folder);
  if (there === undefined) return;
  const names = there.kind === 'directory' ? await fileSystem.list(folder) : [folder];
  // A first journal that was cut off while it was written is ours.
  if (names.every((name) => name.startsWith(JOURNAL_NAME))) return;
  throw new SendenseError('ALREADY_EXISTS', `${folder} is there, and no conversion made it`, {
    operation: 'convert-file',
    remedy: `move or remove ${folder}, or convert to another name`,
    context: { path: folder },
  });
}

/** Keeps the journal; durable when it resolves. */
export async function writeJournal(
  fileSystem: FileSystem,
  folder: string,
  journal: ConversionJournal,
): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(journal)}\n`);
  await writeFileDurably(fileSystem, join(folder, JOURNAL_NAME), bytes);
}
