import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
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
  const token = await acquire(options, call);
  try {
    await options.session.check();
    return await run();
  } finally {
    await release(options, token);
  }
}

async function acquire(options: LockOptions, call: Call | undefined): Promise<string> {
  const { fileSystem, session, path, timeoutMs } = options;
  const token = session.token();
  // Not in the session's folder: making a folder makes its parents, and a fenced session must not come back.
  const prepared = join(dirname(path), preparedName(token));
  await fileSystem.makeDirectory(join(prepared, token));
  let waitedMs = 0;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    throwIfAborted(call?.signal, 'take-lock');
    if (await tryRename(options, prepared)) {
      session.locks.add(token);
      return token;
    }
    const holder = await liveHolder(options);
    if (holder === undefined) continue;
    if (waitedMs >= timeoutMs) {
      await removeIfThere(fileSystem, join(prepared, token));
      await removeIfThere(fileSystem, prepared);
      throw locked(path, holder);
    }
    waitedMs += waitMs;
    await sleep(waitMs, undefined, call?.signal === undefined ? {} : { signal: call.signal }).catch(
      () => undefined,
    );
  }
}

/** The name of a lock on its way to its place, beside it. */
export function preparedName(token: string): string {
  return `.${token}`;
}

async function tryRename({ fileSystem, path }: LockOptions, prepared: string): Promise<boolean> {
  try {
    await fileSystem.rename(prepared, path);
    return true;
  } catch (error) {
    if (!SendenseError.is(error, 'ALREADY_EXISTS')) throw error;
    return false;
  }
}

/** The token of the live holder, or `undefined` when the lock is free now: locks of the dead are broken. */
async function liveHolder({ fileSystem, session, path }: LockOptions): Promise<string | undefined> {
  const tokens = await fileSystem.list(path).catch((error: unknown) => {
    if (SendenseError.is(error, 'NOT_FOUND')) return [];
    throw error;
  });
  for (const token of tokens) {
    const holder = sessionOfToken(token);
    if (holder === session.name ? session.locks.has(token) : await session.isAlive(holder)) return token;
    // Ours, when it could not be released.
    if (holder !== session.name) await session.fence(holder);
    await removeIfThere(fileSystem, join(path, token));
  }
  // Some storage does not rename onto an empty folder; a folder that is held is not empty and stays.
  await removeIfThere(fileSystem, path);
  return undefined;
}

async function release({ fileSystem, session, path }: LockOptions, token: string): Promise<void> {
  session.locks.delete(token);
  try {
    await removeIfThere(fileSystem, join(path, token));
    await removeIfThere(fileSystem, path);
  } catch {
    // The lock falls to whoever finds this session ended; nothing that was done under it is in doubt.
    session.leaveUnfinished();
  }
}

/** Removes an empty folder; one that is gone or not empty is left. */
export async function removeIfThere(fileSystem: FileSystem, path: string): Promise<void> {
  await fileSystem.removeDirectory(path).catch((error: unknown) => {
    if (!SendenseError.is(error, 'NOT_FOUND') && !SendenseError.is(error, 'ALREADY_EXISTS')) throw error;
  });
}

function locked(path: string, holder: string): SendenseError {
  return new SendenseError('LOCKED', `${path} is held by another process (${holder})`, {
    operation: 'take-lock',
    remedy: 'wait until the other backup, prune or consolidation has ended, then repeat',
    context: { path, holder },
  });
}
