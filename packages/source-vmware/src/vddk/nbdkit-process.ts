import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { abortedError, type Call, type Secret, SendenseError } from '@sendense/core';
import { processEnvironment, type Timer } from '@sendense/plugin-kit';
import { PASSWORD_DESCRIPTOR } from './vddk-arguments.ts';

/** A running nbdkit. Disposing ends it. */
export interface NbdkitProcess extends AsyncDisposable {
  readonly pid: number | undefined;
  /** The end of what it has said. */
  readonly said: () => string;
}

/** How nbdkit is started. */
export type NbdkitStart = {
  readonly program: string;
  readonly args: readonly string[];
  /** Given to it by {@link PASSWORD_DESCRIPTOR}. */
  readonly password: Secret;
  /** For nbdkit alone: its libraries would break other programs. */
  readonly libraries: string;
  /** Written when it takes connections. */
  readonly pidFile: string;
  readonly timer: Timer;
};

const LOOK_MS = 50;
/** VDDK connects when a client does: nbdkit itself starts at once. */
const MOST_START_MS = 30_000;
const MOST_END_MS = 5_000;
const KEPT_CHARACTERS = 2_000;

/** Names of the environment that nbdkit gets; the rest may hold secrets. */
const PASSED = ['PATH', 'HOME', 'USER', 'TMPDIR'] as const;

/** Starts nbdkit and waits until it takes connections. Rejects with `UNSUPPORTED` when there is none, `CONFIG_INVALID` when it refuses. */
export async function startNbdkit(start: NbdkitStart, call?: Call): Promise<NbdkitProcess> {
  const { program, args, password, libraries, timer, pidFile } = start;
  const environment = processEnvironment();
  const passed = PASSED.map((name) => [name, environment[name]] as const).filter(
    ([, value]) => value !== undefined,
  );
  const child = spawn(program, args, {
    // the last is PASSWORD_DESCRIPTOR
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: { ...Object.fromEntries(passed), LC_ALL: 'C', LD_LIBRARY_PATH: libraries },
  });
  give(password, child);
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT_CHARACTERS);
  });
  const running: NbdkitProcess = {
    pid: child.pid,
    said: () => said.trim(),
    [Symbol.asyncDispose]: () => end(child),
  };
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  try {
    for (const startedMs = timer.monotonicMs(); ; await timer.sleep(LOOK_MS, call?.signal)) {
      if (call?.signal?.aborted === true) throw abortedError('open-vddk', call.signal);
      if (failure !== undefined) throw missing(program, failure);
      if (hasEnded(child)) throw refused(program, running.said());
      if (await exists(pidFile)) return running;
      if (timer.monotonicMs() - startedMs > MOST_START_MS) throw refused(program, 'it takes no connections');
    }
  } catch (error) {
    await end(child);
    throw error;
  }
}

/** One that ends before it has read the password says why by other ways. */
function give(password: Secret, child: ChildProcess): void {
  const pipe = child.stdio[PASSWORD_DESCRIPTOR];
  if (!(pipe instanceof Writable)) return;
  pipe.on('error', () => undefined);
  pipe.end(password.reveal(), () => pipe.destroy());
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    ({ size }) => size > 0,
    () => false,
  );
}

function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), MOST_END_MS);
  await ended.catch(() => undefined);
  clearTimeout(kill);
}

function missing(program: string, cause: Error): SendenseError {
  return new SendenseError('UNSUPPORTED', `nbdkit could not be started (${program}): ${cause.message}`, {
    operation: 'open-vddk',
    cause,
    remedy: 'install nbdkit with its vddk plugin, or name the program by vddk.nbdkit',
  });
}

function refused(program: string, said: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `nbdkit does not serve the disk: ${said}`, {
    operation: 'open-vddk',
    context: { program },
    remedy: 'check vddk.libdir, and that nbdkit has the vddk plugin: nbdkit vddk --dump-plugin libdir=...',
  });
}
