import { dirname, join } from 'node:path';
import { SendenseError } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { withFile } from './with-file.ts';

/** A file of an attempt to make a repository that was cut off. */
const PARTIAL = '.sendense-repository.partial';
/** What a folder may hold and still count as empty: file systems make one of these by themselves. */
const HARMLESS: ReadonlySet<string> = new Set(['lost+found', PARTIAL]);

/** Makes `folder` and puts `bytes` there as `name`, whole or not at all. Rejects with `ALREADY_EXISTS` for a used folder. */
export async function createRepositoryFile(
  fileSystem: FileSystem,
  folder: string,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  await makeDurableFolder(fileSystem, folder);
  const names = await fileSystem.list(folder);
  if (!names.every((other) => HARMLESS.has(other))) throw inUse(folder, names.includes(name));
  const partial = join(folder, PARTIAL);
  if (names.includes(PARTIAL)) await fileSystem.unlink(partial);
  // Of two at a time, one finds the file there.
  await withFile(fileSystem, partial, 'create', async (file) => {
    await file.write(bytes, 0);
    await file.sync();
  });
  await fileSystem.rename(partial, join(folder, name));
  await fileSystem.syncDirectory(folder);
}

/** Makes a folder and its missing parents so that they outlive a power loss. */
async function makeDurableFolder(fileSystem: FileSystem, folder: string): Promise<void> {
  const missing: string[] = [];
  for (let path = folder; (await fileSystem.stat(path)) === undefined; path = dirname(path))
    missing.push(path);
  await fileSystem.makeDirectory(folder);
  for (const path of missing) await fileSystem.syncDirectory(dirname(path));
}

function inUse(folder: string, isRepository: boolean): SendenseError {
  const what = isRepository ? 'is a repository already' : 'is not empty';
  return new SendenseError('ALREADY_EXISTS', `${folder} ${what}`, {
    operation: 'create-repository',
    remedy: isRepository ? 'open it, or choose another folder' : 'choose a new or empty folder',
    context: { path: folder },
  });
}
