import { basename, dirname, join } from 'node:path';
import { SendenseError } from '@sendense/core';
import { isHolderAlive, processHolder } from '@sendense/plugin-kit';
import {
  prepareTokenLock,
  releaseTokenLock,
  type TokenLock,
  tryTokenLock,
  withdrawTokenLock,
} from '@sendense/plugin-kit/files';
import type { ConverterContext } from './context.ts';

/**
 * Keeps every other conversion, of this process or another, from a target until it is disposed. Rejects with `LOCKED` while
 * one has it; the lock of a process that died is broken.
 */
export async function lockTarget(
  { fileSystem, random }: ConverterContext,
  target: string,
): Promise<AsyncDisposable> {
  const path = join(dirname(target), `.${basename(target)}.convert-lock`);
  const lock: TokenLock = { fileSystem, path, token: tokenOf(processHolder(), random.uuid()) };
  await prepareTokenLock(lock);
  try {
    if ((await tryTokenLock(lock, isDead)) !== undefined) throw locked(target, path);
  } catch (error) {
    await withdrawTokenLock(lock);
    throw error;
  }
  return { [Symbol.asyncDispose]: () => releaseTokenLock(lock) };
}

/** A token of one conversion, not of its process: threads and copies of this module share that. Names a file anywhere. */
function tokenOf(holder: string, conversion: string): string {
  return `${encodeURIComponent(holder)}.${conversion}`;
}

async function isDead(token: string): Promise<boolean> {
  return !isHolderAlive(decodeURIComponent(token.slice(0, token.lastIndexOf('.'))));
}

function locked(target: string, path: string): SendenseError {
  return new SendenseError('LOCKED', `another conversion writes to ${target}`, {
    operation: 'convert-file',
    remedy: `wait for it; when none runs any more, remove ${path}`,
    context: { path: target },
  });
}
