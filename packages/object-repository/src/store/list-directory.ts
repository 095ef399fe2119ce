import { join } from 'node:path';
import { SendenseError } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';

/** The keys below `root` that begin with `prefix` and come behind `after`, ascending by their bytes. */
export async function* listDirectory(
  fileSystem: FileSystem,
  root: string,
  prefix: string,
  after: string,
  folder = '',
): AsyncGenerator<string> {
  for (const name of await namesIn(fileSystem, join(root, folder))) {
    const key = `${folder}${name}`;
    const isFolder = name.endsWith('/');
    if (isFolder && (key.startsWith(prefix) || prefix.startsWith(key)) && !isBefore(key, after))
      yield* listDirectory(fileSystem, root, prefix, after, key);
    if (!isFolder && key.startsWith(prefix) && key > after) yield key;
  }
}

/** Whether every key of the folder `key` comes before `after`. */
function isBefore(key: string, after: string): boolean {
  return key < after.slice(0, key.length);
}

/** Names of objects, and of folders with their slash, in the order of the keys that they begin. */
async function namesIn(fileSystem: FileSystem, path: string): Promise<readonly string[]> {
  const names = await fileSystem.list(path).catch((error: unknown) => {
    if (SendenseError.is(error, 'NOT_FOUND')) return [];
    throw error;
  });
  const typed = await Promise.all(
    names
      .filter((name) => !name.startsWith('.'))
      .map(async (name) => {
        const status = await fileSystem.stat(join(path, name));
        return status?.kind === 'directory' ? `${name}/` : name;
      }),
  );
  return typed.sort();
}
