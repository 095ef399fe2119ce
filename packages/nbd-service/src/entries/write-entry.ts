import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type FileSystem, nodeFileSystem, parseOptions, publishFile } from '@sendense/plugin-kit';
import { exportEntrySchema, type NewExportEntry } from './export-entry.ts';
import { ENTRY_SUFFIX } from './read-entries.ts';

/**
 * Puts a file for an export into the folder (made where it is missing) and gives its name; the service serves it at its next
 * reload. A crash leaves all of it or nothing. Rejects with `CONFIG_INVALID` for an entry that would be refused, `ALREADY_EXISTS` when
 * the folder has a file of that name.
 *
 * @param stem - the file's name without `.json`
 */
export async function addEntry(
  folder: string,
  stem: string,
  entry: NewExportEntry,
  fileSystem: FileSystem = nodeFileSystem,
): Promise<string> {
  await parseOptions(exportEntrySchema, entry, `export ${stem}`);
  await fileSystem.makeDirectory(folder);
  const file = `${stem}${ENTRY_SUFFIX}`;
  const from = join(folder, `.${randomUUID()}.tmp`);
  await writeNew(fileSystem, from, new TextEncoder().encode(`${JSON.stringify(entry, null, 2)}\n`));
  try {
    await publishFile(fileSystem, { from, to: join(folder, file), overwrite: false, isPublished: false });
  } catch (error) {
    await fileSystem.unlink(from).catch(() => undefined); // the failure itself is told
    throw error;
  }
  return file;
}

/** Takes the file of an export away; the service stops serving it at its next reload. Rejects with `NOT_FOUND`. */
export async function removeEntry(
  folder: string,
  file: string,
  fileSystem: FileSystem = nodeFileSystem,
): Promise<void> {
  await fileSystem.unlink(join(folder, file));
  await fileSystem.syncDirectory(folder);
}

async function writeNew(fileSystem: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  await using file = await fileSystem.open(path, 'create');
  await file.write(bytes, 0);
  await file.sync();
}
