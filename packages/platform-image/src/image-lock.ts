import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SendenseError } from '@sendense/core';
import {
  preparedLockName,
  prepareTokenLock,
  releaseTokenLock,
  removeIfEmpty,
  type TokenLock,
  tryTokenLock,
  withdrawTokenLock,
} from '@sendense/plugin-kit/files';
import type { ImageContext } from './image-context.ts';

/** An edit takes milliseconds; a lock of this age was left by a process that died. */
const STALE_MS = 60_000;
const RETRY_MS = 20;
const RETRIES = 250;
/** What tokens begin with, whatever image they are for: an image's name may be as long as a name can be. */
const TOKEN = 'sendense-lock.';

/** The lock of the image at `path`: a folder beside it. */
export function imageLockPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.sendense-lock`);
}

type LockContext = Pick<ImageContext, 'fileSystem' | 'clock' | 'random'>;

async function isStale({ fileSystem, clock }: LockContext, lock: string, token: string): Promise<boolean> {
  const held = await fileSystem.stat(join(lock, token));
  return held === undefined || clock.now().getTime() - held.modifiedMs > STALE_MS;
}

async function waitFor(context: LockContext, lock: TokenLock, image: string): Promise<void> {
  for (let attempt = 0; attempt <= RETRIES; attempt++) {
    const holder = await tryTokenLock(lock, (token) => isStale(context, lock.path, token));
    if (holder === undefined) return;
    await delay(RETRY_MS);
  }
  throw new SendenseError('LOCKED', `another process is changing the bitmaps of ${image}`, {
    operation: 'lock-image',
    remedy: `repeat; remove ${lock.path} when no process of Sendense runs`,
  });
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
  const { fileSystem, random } = context;
  const lock: TokenLock = { fileSystem, path: imageLockPath(path), token: `${TOKEN}${random.uuid()}` };
  await prepareTokenLock(lock);
  try {
    await waitFor(context, lock, path);
  } catch (error) {
    await withdrawTokenLock(lock);
    throw error;
  }
  try {
    return await run();
  } finally {
    await releaseTokenLock(lock);
  }
}

/** Removes what processes that died left of locks in the folder of an image; resolves with the paths. */
export async function removeStaleLocks(context: LockContext, path: string): Promise<readonly string[]> {
  const { fileSystem } = context;
  const removed: string[] = [];
  for (const name of await fileSystem.list(dirname(path))) {
    const lock = join(dirname(path), name);
    if (lock !== imageLockPath(path) && !name.startsWith(preparedLockName(TOKEN))) continue;
    if (!(await isAbandoned(context, lock))) continue;
    await removeIfEmpty(fileSystem, lock);
    removed.push(lock);
  }
  return removed;
}

/** Takes the stale tokens out of a lock; whether it is empty then. A lock just taken is in no danger: it has a token. */
async function isAbandoned(context: LockContext, lock: string): Promise<boolean> {
  const tokens = await context.fileSystem.list(lock).catch(() => undefined);
  for (const token of tokens ?? []) {
    if (!(await isStale(context, lock, token))) return false;
    await removeIfEmpty(context.fileSystem, join(lock, token));
  }
  return tokens !== undefined;
}
