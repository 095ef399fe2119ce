import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { SendenseError } from '@sendense/core';
import { isHolderAlive, nodeFileSystem, processHolder } from '@sendense/plugin-kit';
import {
  prepareTokenLock,
  releaseTokenLock,
  type TokenLock,
  tryTokenLock,
  withdrawTokenLock,
} from '@sendense/plugin-kit/files';

/** `UUID:host:pid:start`: a token of a process, never used twice. */
const TOKEN = /^[0-9a-f-]{36}:(.+)$/;

/**
 * Takes the folder of a server (made where it is missing) for this process; dispose lets another one in. The lock of a process that is no
 * more does not count. Rejects with `LOCKED` while another server runs in it.
 */
export async function takeStateFolder(directory: string): Promise<AsyncDisposable> {
  await nodeFileSystem.makeDirectory(directory);
  const lock: TokenLock = {
    fileSystem: nodeFileSystem,
    path: join(directory, 'lock'),
    token: `${randomUUID()}:${processHolder()}`,
  };
  await prepareTokenLock(lock);
  const holder = await tryTokenLock(lock, async (token) => !isTokenAlive(token));
  if (holder === undefined) return { [Symbol.asyncDispose]: () => releaseTokenLock(lock) };
  await withdrawTokenLock(lock);
  throw new SendenseError('LOCKED', `another server runs in ${directory}`, {
    operation: 'start-server',
    context: { directory, holder },
    remedy: 'stop that one first, or name another state folder',
  });
}

function isTokenAlive(token: string): boolean {
  const holder = TOKEN.exec(token)?.[1];
  return holder !== undefined && isHolderAlive(holder);
}
