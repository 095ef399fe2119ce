import { join } from 'node:path';
import { SendenseError } from '@sendense/core';
import { type FileSystem, readConfig } from '@sendense/plugin-kit';
import { type ExportEntry, exportEntrySchema } from './export-entry.ts';

/** What files of the folder end with; others are not looked at. */
export const ENTRY_SUFFIX = '.json';
/** Permission to write, of the group and of others. */
const WRITABLE_BY_OTHERS = 0o022;

/** A file of the folder that could be read. */
export type EntryFile = { readonly file: string; readonly entry: ExportEntry };
/** A file whose disk is not exported, and why. */
export type EntryFailure = { readonly file: string; readonly error: SendenseError };

/** What the folder says. */
export type ReadEntries = {
  readonly entries: readonly EntryFile[];
  readonly failures: readonly EntryFailure[];
};

/**
 * Reads the files of the folder by their names; a bad one is told and the others are read. Rejects with `PERMISSION_DENIED` for a
 * folder that others may write to: what a service reads for them would be theirs to choose.
 */
export async function readEntries(folder: string, fileSystem: FileSystem): Promise<ReadEntries> {
  await refuseForeign(folder, fileSystem);
  const entries: EntryFile[] = [];
  const failures: EntryFailure[] = [];
  for (const file of await fileSystem.list(folder)) {
    if (!file.endsWith(ENTRY_SUFFIX) || file.startsWith('.')) continue;
    try {
      entries.push({ file, entry: await readEntry(join(folder, file), fileSystem) });
    } catch (error) {
      if (!SendenseError.is(error)) throw error;
      // removed since the folder was listed
      if (error.code !== 'NOT_FOUND') failures.push({ file, error });
    }
  }
  return { entries, failures };
}

async function readEntry(path: string, fileSystem: FileSystem): Promise<ExportEntry> {
  await refuseForeign(path, fileSystem);
  return readConfig(path, exportEntrySchema, fileSystem);
}

async function refuseForeign(path: string, fileSystem: FileSystem): Promise<void> {
  const status = await fileSystem.stat(path);
  if (status?.kind === 'device' || status?.kind === 'other') throw notAFile(path);
  if (status?.mode === undefined || (status.mode & WRITABLE_BY_OTHERS) === 0) return;
  throw new SendenseError('PERMISSION_DENIED', `${path} can be written by other users`, {
    operation: 'read-exports',
    context: { path, mode: status.mode.toString(8) },
    remedy: `chmod go-w ${path}`,
  });
}

/** Opening a pipe would wait for its writer. */
function notAFile(path: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `${path} is not a regular file`, {
    operation: 'read-exports',
    context: { path },
    remedy: 'put a file there, or remove it',
  });
}
