import { dirname, join } from 'node:path';
import { SendenseError } from '@sendense/core';
import type { FileSystem } from './file-system.ts';

/**
 * A lock that is a folder which holds one thing: the token of its holder. It is taken by renaming a prepared folder to
 * its name, which fails while the lock is held, and broken by removing the token of a holder that is dead. Whoever breaks
 * it names whom it takes for dead, so a lock that has passed to another one meanwhile stays.
 */
export type TokenLock = {
  readonly fileSystem: FileSystem;
  /** Path of the lock's folder. */
  readonly path: string;
  /** A file name that is never used twice. */
  readonly token: string;
};

/** The name of a lock on its way to its place, beside it. */
export function preparedLockName(token: string): string {
  return `.${token}`;
}

const preparedPath = ({ path, token }: TokenLock) => join(dirname(path), preparedLockName(token));

/** Makes what {@link tryTokenLock} needs; once for a token. */
export async function prepareTokenLock(lock: TokenLock): Promise<void> {
  await lock.fileSystem.makeDirectory(join(preparedPath(lock), lock.token));
}

/**
 * Tries once to take a prepared lock; resolves with the token of its living holder, or `undefined` when it is taken.
 * `isDead` decides about a holder, whose lock is then broken.
 */
export async function tryTokenLock(
  lock: TokenLock,
  isDead: (token: string) => Promise<boolean>,
): Promise<string | undefined> {
  for (;;) {
    if (await isRenamed(lock)) return undefined;
    const holder = await livingHolder(lock, isDead);
    if (holder !== undefined) return holder;
  }
}

/** Gives up a prepared lock that was not taken. */
export async function withdrawTokenLock(lock: TokenLock): Promise<void> {
  await removeIfEmpty(lock.fileSystem, join(preparedPath(lock), lock.token));
  await removeIfEmpty(lock.fileSystem, preparedPath(lock));
}

/** Lets go of a lock that was taken. One that was broken meanwhile is left to its new holder. */
export async function releaseTokenLock({ fileSystem, path, token }: TokenLock): Promise<void> {
  await removeIfEmpty(fileSystem, join(path, token));
  await removeIfEmpty(fileSystem, path);
}

async function isRenamed(lock: TokenLock): Promise<boolean> {
  try {
    await lock.fileSystem.rename(preparedPath(lock), lock.path);
    return true;
  } catch (error) {
    if (!SendenseError.is(error, 'ALREADY_EXISTS')) throw error;
    return false;
  }
}

async function livingHolder(
  { fileSystem, path }: TokenLock,
  isDead: (token: string) => Promise<boolean>,
): Promise<string | undefined> {
  const tokens = await fileSystem.list(path).catch((error: unknown) => {
    if (SendenseError.is(error, 'NOT_FOUND')) return [];
    throw error;
  });
  for (const token of tokens) {
    if (!(await isDead(token))) return token;
    await removeIfEmpty(fileSystem, join(path, token));
  }
  // Some storage does not rename onto an empty folder; a folder that is held is not empty and stays.
  await removeIfEmpty(fileSystem, path);
  return undefined;
}

/** Removes an empty folder; one that is gone or not empty is left. */
export async function removeIfEmpty(fileSystem: FileSystem, path: string): Promise<void> {
  await fileSystem.removeDirectory(path).catch((error: unknown) => {
    if (!SendenseError.is(error, 'NOT_FOUND') && !SendenseError.is(error, 'ALREADY_EXISTS')) throw error;
  });
}
