import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Finding, SendenseError } from '@sendense/core';
import { type FileSystem, isHolderAlive, processHolder } from '@sendense/plugin-kit';
import {
  prepareTokenLock,
  releaseTokenLock,
  removeIfEmpty,
  type TokenLock,
  tryTokenLock,
  withdrawTokenLock,
} from '@sendense/plugin-kit/files';
import { removeOverlays } from '../overlay/overlay-file.ts';

/** `UUID:host:pid:start`: a token of a process, never used twice. */
const TOKEN = /^\.?[0-9a-f-]{36}:(.+)$/;
/** The longest path of a unix socket: Linux has room for 108 bytes, the last of them NUL. */
const MAX_SOCKET_PATH_BYTES = 107;

/** Where things lie in the folder of a service. */
export function servicePaths(directory: string) {
  return {
    lock: join(directory, 'lock'),
    socket: join(directory, 'nbd.sock'),
    control: join(directory, 'control.sock'),
    overlays: join(directory, 'overlays'),
  };
}

/** A folder that one service runs in; dispose lets another one in. */
export type ServiceFolder = AsyncDisposable & {
  /** What a service that was killed left and is gone now. */
  readonly findings: readonly Finding[];
};

/**
 * Takes the folder (made where it is missing) and tidies up what a service that died left in it. Rejects with `LOCKED` while another
 * service runs there, `CONFIG_INVALID` where its path is too long for sockets.
 */
export async function takeServiceFolder(directory: string, fileSystem: FileSystem): Promise<ServiceFolder> {
  const paths = servicePaths(directory);
  checkSocketPath(paths.control);
  await fileSystem.makeDirectory(paths.overlays);
  const lock = { fileSystem, path: paths.lock, token: `${randomUUID()}:${processHolder()}` };
  await takeLock(lock, directory);
  try {
    const findings = await tidy(directory, lock.token, fileSystem);
    return { findings, [Symbol.asyncDispose]: () => releaseTokenLock(lock) };
  } catch (error) {
    await releaseTokenLock(lock);
    throw error;
  }
}

/** Throws `CONFIG_INVALID` for a path that no unix socket can have. */
export function checkSocketPath(path: string): void {
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return;
  throw new SendenseError(
    'CONFIG_INVALID',
    `${path} is too long for a socket: ${Buffer.byteLength(path)} bytes, the most is ${MAX_SOCKET_PATH_BYTES}`,
    { operation: 'start-nbd-service', context: { path }, remedy: 'name a folder with a shorter path' },
  );
}

async function takeLock(lock: TokenLock, directory: string): Promise<void> {
  await prepareTokenLock(lock);
  const holder = await tryTokenLock(lock, async (token) => !isTokenAlive(token));
  if (holder === undefined) return;
  await withdrawTokenLock(lock);
  throw new SendenseError('LOCKED', `another NBD service runs in ${directory}`, {
    operation: 'start-nbd-service',
    context: { directory, holder },
    remedy: 'ask that one to reload, or stop it first',
  });
}

function isTokenAlive(token: string): boolean {
  const holder = TOKEN.exec(token)?.[1];
  return holder !== undefined && isHolderAlive(holder);
}

async function tidy(directory: string, own: string, fileSystem: FileSystem): Promise<readonly Finding[]> {
  const { socket, control, overlays } = servicePaths(directory);
  for (const path of [socket, control])
    if ((await fileSystem.stat(path))?.kind === 'other') await fileSystem.unlink(path);
  for (const name of await fileSystem.list(directory)) {
    // a lock that a service prepared and did not live to take
    const isAbandoned =
      name.startsWith('.') && TOKEN.test(name) && !name.includes(own) && !isTokenAlive(name);
    if (!isAbandoned) continue;
    await removeIfEmpty(fileSystem, join(directory, name, name.slice(1)));
    await removeIfEmpty(fileSystem, join(directory, name));
  }
  return (await removeOverlays(overlays, fileSystem)).map(overlayLost);
}

function overlayLost(name: string): Finding {
  return {
    severity: 'warning',
    code: 'overlay-lost',
    object: name,
    message: `what was written to the export ${name} is gone: the service that kept it ended without being stopped`,
  };
}
