import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { SendenseError } from '@sendense/core';
import { isHolderAlive, nodeFileSystem, processHolder } from '@sendense/plugin-kit';
import {
  prepareTokenLock,
  readSmallFile,
  releaseTokenLock,
  type TokenLock,
  tryTokenLock,
  withdrawTokenLock,
  writeFileDurably,
} from '@sendense/plugin-kit/files';

/** `UUID:host:pid:start`: a token of a process, never used twice. */
const TOKEN = /^[0-9a-f-]{36}:(.+)$/;

/** The folder of a server, held by this process until it is disposed. */
export interface StateFolder extends AsyncDisposable {
  /** Made with the folder: jobs that were taken in it are those of whoever holds it, whatever the machine is called then. */
  readonly serverId: string;
}

/**
 * Takes the folder of a server (made where it is missing) for this process; dispose lets another one in. The lock of a process that is no
 * more does not count; one of another host name does, as nobody can tell. Rejects with `LOCKED` while another server runs in it.
 */
export async function takeStateFolder(directory: string): Promise<StateFolder> {
  await nodeFileSystem.makeDirectory(directory);
  const lock: TokenLock = {
    fileSystem: nodeFileSystem,
    path: join(directory, 'lock'),
    token: `${randomUUID()}:${processHolder()}`,
  };
  await prepareTokenLock(lock);
  const holder = await tryTokenLock(lock, async (token) => !isTokenAlive(token));
  if (holder === undefined) return await heldFolder(directory, lock);
  await withdrawTokenLock(lock);
  throw new SendenseError('LOCKED', `another server runs in ${directory}`, {
    operation: 'start-server',
    context: { directory, holder },
    remedy: `stop that one first, or name another state folder; where its machine is no more, remove ${lock.path}`,
  });
}

async function heldFolder(directory: string, lock: TokenLock): Promise<StateFolder> {
  const release = () => releaseTokenLock(lock);
  try {
    return { serverId: await readServerId(join(directory, 'server-id')), [Symbol.asyncDispose]: release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** The id in the file, which is made where it is missing. Rejects with `CORRUPT` for anything else. */
async function readServerId(path: string): Promise<string> {
  if ((await nodeFileSystem.stat(path)) === undefined)
    await writeFileDurably(nodeFileSystem, path, new TextEncoder().encode(`${randomUUID()}\n`));
  const id = new TextDecoder().decode(await readSmallFile(nodeFileSystem, path, 64)).trim();
  if (/^[0-9a-f-]{36}$/.test(id)) return id;
  throw new SendenseError('CORRUPT', `${path} does not hold the id of a server`, {
    operation: 'start-server',
    context: { path },
    remedy: 'remove it: jobs that were cut short are taken up once their process is known to be no more',
  });
}

function isTokenAlive(token: string): boolean {
  const holder = TOKEN.exec(token)?.[1];
  return holder !== undefined && isHolderAlive(holder);
}
