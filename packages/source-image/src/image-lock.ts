import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SendenseError } from '@sendense/core';
import type { SourceContext } from './context.ts';

/** An edit takes milliseconds; a lock file of this age was left by a process that died. */
const STALE_MS = 60_000;
const RETRY_MS = 20;
const RETRIES = 250;

/** The lock file of the image at `path`. */
export function imageLockPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.sendense-lock`);
}

type LockContext = Pick<SourceContext, 'fileSystem' | 'clock'>;

async function tryLock({ fileSystem, clock }: LockContext, path: string): Promise<boolean> {
  try {
    const handle = await fileSystem.open(path, 'create');
    await handle[Symbol.asyncDispose]();
    return true;
  } catch (error) {
    if (!SendenseError.is(error, 'ALREADY_EXISTS')) throw error;
  }
  const holder = await fileSystem.stat(path);
  if (holder !== undefined && clock.now().getTime() - holder.modifiedMs > STALE_MS) {
    await fileSystem.unlink(path).catch(ignoreGone);
  }
  return false;
}

function ignoreGone(error: unknown): void {
  if (!SendenseError.is(error, 'NOT_FOUND')) throw error;
}

/**
 * Keeps other processes that use Sendense from editing the image at `path` while `run` does: two writers of one bitmap
 * directory would destroy it. Rejects with `LOCKED` when another one does not end within five seconds.
 */
export async function withImageLock<T>(
  context: LockContext,
  path: string,
  run: () => Promise<T>,
): Promise<T> {
  const lock = imageLockPath(path);
  for (let attempt = 0; !(await tryLock(context, lock)); attempt++) {
    if (attempt === RETRIES) {
      throw new SendenseError('LOCKED', `another process is changing the bitmaps of ${path}`, {
        operation: 'lock-image',
        remedy: `repeat; remove ${lock} when no process of Sendense runs`,
      });
    }
    await delay(RETRY_MS);
  }
  try {
    return await run();
  } finally {
    await context.fileSystem.unlink(lock).catch(ignoreGone);
  }
}
