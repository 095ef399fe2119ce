import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import { SendenseError } from '@sendense/core';

async function isDirectory(path: string): Promise<boolean> {
  return fs.stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

function noFoldersThere(path: string): SendenseError {
  return new SendenseError('READ_ONLY', `${path} cannot be made: the file system there takes no folders`, {
    operation: 'make-directory',
    remedy: 'name a folder on a disk',
    context: { path },
  });
}

/** Makes one folder; `false` when its parent is missing. */
async function makeOne(path: string): Promise<boolean> {
  try {
    await fs.mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return false;
    if (code === 'EEXIST' && (await isDirectory(path))) return true;
    throw error;
  }
}

/**
 * Makes a folder (mode 0700) and its missing parents; resolves when it is there already. Rejects with Node's error, or
 * with `READ_ONLY` where the system answers ENOENT although the parent is there, as /proc does: Node's own `recursive`
 * tries that for ever.
 */
export async function makeDirectory(path: string): Promise<void> {
  if (await makeOne(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeDirectory(parent);
  if (!(await makeOne(path))) throw noFoldersThere(path);
}
