import { setTimeout as sleep } from 'node:timers/promises';
import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import {
  type FileSystem,
  prepareTokenLock,
  releaseTokenLock,
  type TokenLock,
  tryTokenLock,
  withdrawTokenLock,
} from '@sendense/plugin-kit/files';
import type { Session } from './session.ts';
import { sessionOfToken } from './session-name.ts';

const FIRST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 100;

/** How a lock is taken. */
export type LockOptions = {
  readonly fileSystem: FileSystem;
  readonly session: Session;
  /** Path of the lock's folder. */
  readonly path: string;
  /** How long to wait for another holder; 0 = not at all. */
  readonly timeoutMs: number;
};

/**
 * Runs `run` while holding the lock; see the on-disk layout, "Locks". Rejects with `LOCKED` when another live session
 * holds it for longer than the timeout. A dead holder is fenced and its lock broken.
 */
export async function withLock<T>(options: LockOptions, call: Call | undefined, run: () => Promise<T>) {
  const lock = await acquire(options, call);
  try {
    await options.session.check();
    return await run();
  } finally {
    await release(options, lock);
  }
}

async function acquire(options: LockOptions, call: Call | undefined): Promise<TokenLock> {
  const { fileSystem, session, path } = options;
  // Prepared beside it, not in the session's folder: making a folder makes its parents, and a fenced session must not
  // come back.
  const lock: TokenLock = { fileSystem, path, token: session.token() };
  await prepareTokenLock(lock);
  try {
    await waitFor(lock, options, call);
    session.locks.add(lock.token);
    return lock;
  } catch (error) {
    await withdrawTokenLock(lock).catch(() => session.leaveUnfinished());
    throw error;
  }
}

async function waitFor(lock: TokenLock, options: LockOptions, call: Call | undefined): Promise<void> {
  const { session, path, timeoutMs } = options;
  let waitedMs = 0;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    throwIfAborted(call?.signal, 'take-lock');
    const holder = await tryTokenLock(lock, (token) => isDead(session, token));
    if (holder === undefined) return;
    if (waitedMs >= timeoutMs) throw locked(path, holder);
    waitedMs += waitMs;
    await sleep(waitMs, undefined, call?.signal === undefined ? {} : { signal: call.signal }).catch(
      () => undefined,
    );
  }
}

/** Whether the holder of `token` has ended; it is fenced first, so that it cannot go on. */
async function isDead(session: Session, token: string): Promise<boolean> {
  const holder = sessionOfToken(token);
  // Ours, when it could not be released.
  if (holder === session.name) return !session.locks.has(token);
  if (await session.isAlive(holder)) return false;
  await session.fence(holder);
  return true;
}

async function release({ session }: LockOptions, lock: TokenLock): Promise<void> {
  session.locks.delete(lock.token);
  // One that stays falls to whoever finds this session ended; nothing that was done under it is in doubt.
  await releaseTokenLock(lock).catch(() => session.leaveUnfinished());
}

function locked(path: string, holder: string): SendenseError {
  return new SendenseError('LOCKED', `${path} is held by another process (${holder})`, {
    operation: 'take-lock',
    remedy: 'wait until the other backup, prune or consolidation has ended, then repeat',
    context: { path, holder },
  });
}
