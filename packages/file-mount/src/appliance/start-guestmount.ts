import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { processEnvironment, withTimeout } from '@sendense/plugin-kit';
import { awaitEnd, hasEnded } from '../programs/await-end.ts';
import { endingWithParent } from '../programs/ending-with-parent.ts';
import { findProgram } from '../programs/find-program.ts';
import { killAtExit } from '../programs/kill-at-exit.ts';
import { runProgram } from '../programs/run-program.ts';

/** What is mounted by an appliance, and where. */
export type GuestMount = {
  /** `guestmount` */
  readonly program: string;
  /** The unix socket of an NBD server. */
  readonly socket: string;
  readonly exportName: string;
  /** See `applianceMount`. */
  readonly mount: string;
  /** An empty folder. */
  readonly target: string;
  /** Holds what the virtual machine writes, and names its emulator for those who look for what is left of a mount. */
  readonly temporary: string;
};

/** A machine that is emulated takes about ten seconds; the first start builds it, too. */
const MOST_START_MS = 120_000;
const KEPT_CHARACTERS = 2000;
/** A virtual machine is shut down meanwhile. */
const MOST_END_MS = 20_000;
/** Where the program tells that it is ready. */
const READY_FD = 3;

/**
 * Starts a virtual machine of libguestfs that mounts an NBD export read-only and shows its files in a folder; resolves when it does. Disposing
 * ends it; so may whoever finds the program by the name of the folder. Rejects with `UNSUPPORTED` and what it said, `TIMEOUT`, `ABORTED`.
 */
export async function startGuestmount(start: GuestMount, call?: Call): Promise<AsyncDisposable> {
  throwIfAborted(call?.signal, 'start-appliance');
  // the virtual machine ends with it: a process that libguestfs keeps for that kills it
  const child = spawn(...(await endingWithParent(start.program, guestmountArguments(start))), {
    // a signal to the group of this process is not meant for it
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: {
      PATH: processEnvironment().PATH,
      LC_ALL: 'C.UTF-8',
      LIBGUESTFS_TMPDIR: start.temporary,
      LIBGUESTFS_BACKEND: 'direct',
      // hardware that only seems to be there makes it hang
      LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg',
    },
  });
  killAtExit(child);
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT_CHARACTERS);
  });
  const ready = new Promise<void>((resolve, reject) => {
    (child.stdio[READY_FD] as Readable).once('data', () => resolve());
    child.once('error', (error) => reject(refused(error.message)));
    child.once('close', () => reject(refused(said.trim())));
  });
  ready.catch(() => undefined); // who waits for it is told
  try {
    const signal = call?.signal && { signal: call.signal };
    await withTimeout(() => ready, MOST_START_MS, { operation: 'start-appliance', ...signal });
    return { [Symbol.asyncDispose]: () => endGuestmount(child, start.target) };
  } catch (error) {
    await endGuestmount(child, start.target);
    throw error;
  }
}

/** Where it has mounted, unmounting ends it in good order: a signal leaves files of its virtual machine. */
async function endGuestmount(child: ChildProcess, target: string): Promise<void> {
  if (hasEnded(child)) return;
  if (!(await unmount(target))) child.kill('SIGTERM');
  await awaitEnd(child, MOST_END_MS);
}

async function unmount(target: string): Promise<boolean> {
  const umount = await findProgram('umount');
  if (umount === undefined) return false;
  try {
    return (await runProgram(umount, [target], MOST_END_MS)).code === 0;
  } catch (error) {
    if (SendenseError.is(error)) return false;
    throw error;
  }
}

function guestmountArguments({ socket, exportName, mount, target }: GuestMount): readonly string[] {
  const disk = `nbd:///${exportName}?socket=${encodeURIComponent(socket)}`;
  const kept = ['--ro', '--no-fork', `--fd=${READY_FD}`];
  return [...kept, '--format=raw', '--add', disk, '--mount', mount, target];
}

function refused(said: string): SendenseError {
  return new SendenseError('UNSUPPORTED', `libguestfs does not show the files: ${said}`, {
    operation: 'start-appliance',
    remedy: 'run libguestfs-test-tool, which tells what is missing: it needs a kernel in /boot and /dev/fuse',
  });
}
