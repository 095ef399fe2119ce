import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { SendenseError } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { TIME_GRAIN_MS } from './object-store.ts';
import { unlessGone } from './unless-gone.ts';

/**
 * To be awaited once a file of `folder` got the name of an object. The time of a file is that of writing it, and a machine may stand
 * still between that and the naming, both of its clocks too: so it is held against the time of a file that is made now, which is by the
 * clock of the same storage. Where the name came more than a second later the file is given the time of now. `written` is the name by
 * which nobody else knows the file: what somebody deleted meanwhile does not come back.
 */
export async function dateByNaming(files: FileSystem, written: string, folder: string): Promise<void> {
  const nowMs = await timeOfNow(files, join(folder, randomUUID()));
  const writtenMs = (await files.stat(written))?.modifiedMs ?? Number.NEGATIVE_INFINITY;
  if (nowMs - writtenMs <= TIME_GRAIN_MS) return;
  await touch(files, written);
  // a file that is synced may lack its time; storage that keeps its changes in order has it with this one, which came after it
  await files.unlink(written);
  await files.syncDirectory(folder);
}

/** Storage that makes no further file, because it is full, does not tell: then the file is given its time in any case. */
async function timeOfNow(files: FileSystem, path: string): Promise<number> {
  try {
    await (await files.open(path, 'create'))[Symbol.asyncDispose]();
    return (await files.stat(path))?.modifiedMs ?? Number.POSITIVE_INFINITY;
  } catch (error) {
    if (!SendenseError.is(error)) throw error;
    return Number.POSITIVE_INFINITY;
  } finally {
    await files.unlink(path).catch(unlessGone);
  }
}

/** Writes the first byte of a file again as it is. An empty one stays as it is: nobody relies on what is in it. */
async function touch(files: FileSystem, path: string): Promise<void> {
  await using file = await files.open(path, 'read-write');
  const first = Buffer.allocUnsafeSlow(1);
  if ((await file.read(first, 0)) === 0) return;
  await file.write(first, 0);
  await file.sync();
}
