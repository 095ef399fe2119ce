import { type ChildProcess, spawn } from 'node:child_process';
import { abortedError, type Call, SendenseError } from '@sendense/core';
import { processEnvironment, systemTimer, type Timer } from '@sendense/plugin-kit';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { awaitEnd, hasEnded } from './await-end.ts';
import { endingWithParent } from './ending-with-parent.ts';
import { killAtExit } from './kill-at-exit.ts';

/** A storage daemon that shows NBD exports as files. Disposing ends it, or rejects with `TIMEOUT`. */
export interface StorageDaemon extends AsyncDisposable {
  /** Resolves when it has ended, for whatever cause. */
  readonly ended: Promise<void>;
}

/** How it is started. */
export type DaemonStart = {
  /** `qemu-storage-daemon` */
  readonly program: string;
  /** The unix socket of the NBD server. */
  readonly socket: string;
  /** Written by it when all files are shown. */
  readonly pidFile: string;
  /** Exports, and the empty file that shows each. */
  readonly shown: readonly { readonly name: string; readonly file: string }[];
  readonly timer?: Timer;
};

const LOOK_MS = 20;
const MOST_START_MS = 30_000;
const MOST_END_MS = 5_000;
/** How long reads wait for the server after it hung up; without it the first one after that gives an error. */
const RECONNECT_SECONDS = 10;
const KEPT_CHARACTERS = 2_000;

/**
 * Starts QEMU's storage daemon with one FUSE export for each NBD export, read-only, for this user alone; resolves when all files are
 * shown. Rejects with `UNSUPPORTED` and what it said when it refuses.
 */
export async function startStorageDaemon(start: DaemonStart, call?: Call): Promise<StorageDaemon> {
  const { pidFile, timer = systemTimer } = start;
  const child = spawn(...(await endingWithParent(start.program, daemonArguments(start))), {
    // a signal to the group of this process is not meant for it: files in use would break
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: processEnvironment().PATH, LC_ALL: 'C' },
  });
  killAtExit(child);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT_CHARACTERS);
  });
  const ended = Promise.withResolvers<void>();
  child.once('exit', () => ended.resolve());
  child.once('error', (error) => {
    said += error.message;
    ended.resolve();
  });
  const daemon: StorageDaemon = { ended: ended.promise, [Symbol.asyncDispose]: () => endDaemon(child) };
  try {
    for (const startedMs = timer.monotonicMs(); ; await timer.sleep(LOOK_MS, call?.signal)) {
      if (call?.signal?.aborted === true) throw abortedError('mount-point', call.signal);
      if (hasEnded(child)) throw refused(said.trim());
      if (((await nodeFileSystem.stat(pidFile))?.sizeBytes ?? 0) > 0) return daemon;
      if (timer.monotonicMs() - startedMs > MOST_START_MS) throw refused('it does not come up');
    }
  } catch (error) {
    await endDaemon(child);
    throw error;
  }
}

/** Options of qemu-storage-daemon(1). Two commas stand for one in a value. */
function daemonArguments({ socket, pidFile, shown }: DaemonStart): string[] {
  const value = (text: string) => text.replaceAll(',', ',,');
  const args: string[] = [];
  for (const { name, file } of shown) {
    const server = `server.type=unix,server.path=${value(socket)}`;
    const source = `export=${name},read-only=on,reconnect-delay=${RECONNECT_SECONDS}`;
    args.push('--blockdev', `driver=nbd,node-name=${name},${server},${source}`);
    const where = `node-name=${name},mountpoint=${value(file)}`;
    args.push('--export', `type=fuse,id=${name},${where},writable=off,growable=off,allow-other=off`);
  }
  return [...args, '--pidfile', pidFile];
}

async function endDaemon(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await awaitEnd(child, MOST_END_MS);
}

function refused(said: string): SendenseError {
  return new SendenseError('UNSUPPORTED', `qemu-storage-daemon does not show the volumes as files: ${said}`, {
    operation: 'mount-point',
    remedy:
      'check that /dev/fuse is there and fuse3 is installed, or read the files in process: they need no mount',
  });
}
