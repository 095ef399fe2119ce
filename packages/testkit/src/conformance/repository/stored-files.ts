import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredObject } from './repository-subject.ts';

/** Every file below `folder`, as objects whose bits the kit may flip. */
export async function storedFiles(folder: string): Promise<readonly StoredObject[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => ({
      name: path,
      read: async () => Uint8Array.from(await readFile(path)),
      write: (bytes) => writeFile(path, bytes),
    }));
}
