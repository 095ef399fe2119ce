import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { SendenseError } from '@sendense/core';
import { isHolderAlive, processHolder, systemTimer, type Timer } from '@sendense/plugin-kit';
import {
  nodeFileSystem,
  preparedLockName,
  prepareTokenLock,
  releaseTokenLock,
  type TokenLock,
  tryTokenLock,
  withdrawTokenLock,
} from '@sendense/plugin-kit/files';

const LOOK_MS = 20;
/** What is done under it takes milliseconds. */
const MOST_WAIT_MS = 30_000;
/** `UUID:host:pid:start`: a token of a process, never used twice. */
const TOKEN = /^[0-9a-f-]{36}:(.+)$/u;

/**
 * Runs something while no other mount of the folder begins, in this process or another one of this machine. Rejects with `LOCKED` where
 * somebody else does not let go within half a minute.
 */
export async function withDirectoryLock<T>(
  directory: string,
  run: () => Promise<T>,
  timer: Timer = systemTimer,
): Promise<T> {
  const lock = lockOf(directory, `${randomUUID()}:${processHolder()}`);
  await prepareTokenLock(lock);
  await take(lock, timer);
  try {
    return await run();
  } finally {
    await releaseTokenLock(lock);
  }
}

/** Removes what processes left that were killed while they waited for the lock. */
export async function removeDeadWaiters(directory: string): Promise<void> {
  for (const name of await nodeFileSystem.list(directory)) {
    const token = name.slice(1);
    if (preparedLockName(token) === name && TOKEN.test(token) && (await isDead(token)))
      await withdrawTokenLock(lockOf(directory, token));
  }
}

function lockOf(directory: string, token: string): TokenLock {
  return { fileSystem: nodeFileSystem, path: join(directory, 'lock'), token };
}

async function take(lock: TokenLock, timer: Timer): Promise<void> {
  const endMs = timer.monotonicMs() + MOST_WAIT_MS;
  for (;;) {
    const holder = await tryTokenLock(lock, isDead);
    if (holder === undefined) return;
    if (timer.monotonicMs() > endMs) {
      await withdrawTokenLock(lock);
      throw held(lock, holder);
    }
    await timer.sleep(LOOK_MS);
  }
}

function isDead(token: string): Promise<boolean> {
  return Promise.resolve(!isHolderAlive(TOKEN.exec(token)?.[1] ?? ''));
}

function held({ path }: TokenLock, holder: string): SendenseError {
  return new SendenseError('LOCKED', `${path} is held by ${holder}, which does not let go`, {
    operation: 'mount-point',
    remedy: `end that process; where its machine is no more, remove ${path}`,
    context: { path, holder },
  });
}
