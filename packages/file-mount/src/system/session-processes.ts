import { readdir, readFile } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { SendenseError } from '@sendense/core';
import { systemTimer, type Timer } from '@sendense/plugin-kit';
import { sendSignal } from './send-signal.ts';

/** Programs that serve a mount, and those that make one. Nothing else is ended, whatever its arguments say. */
const SERVING: ReadonlySet<string> = new Set([
  'qemu-storage-daemon',
  'ntfs-3g',
  'mount.exfat-fuse',
  'guestmount',
  'mount',
  'losetup',
]);
/** The virtual machines of `guestmount`, by their architecture. */
const EMULATORS = 'qemu-system-';

/** A process, and when it started (field 22 of proc_pid_stat(5)): its id may be another one's later. */
type Served = { readonly pid: number; readonly start: string };

const LOOK_MS = 20;
const MOST_END_MS = 5_000;

/**
 * Ends the programs that serve files of `folder`, which has a name that was never used for anything else; how many there were. Rejects with
 * `TIMEOUT` where one outlives SIGKILL by five seconds. `send`: how signals are sent.
 */
export async function endServing(
  folder: string,
  timer: Timer = systemTimer,
  send: typeof sendSignal = sendSignal,
): Promise<number> {
  const found = await servingOf(folder);
  const outlived: number[] = [];
  for (const served of found) if (!(await end(served, timer, send))) outlived.push(served.pid);
  if (outlived.length > 0) throw notEnded(outlived);
  return found.length;
}

async function servingOf(folder: string): Promise<readonly Served[]> {
  const found: Served[] = [];
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isSafeInteger(pid)) continue;
    const start = await startOf(pid);
    const [program = '', ...args] = await argumentsOf(pid);
    const serves = args.some((argument) => argument.includes(`${folder}${sep}`));
    if (start !== undefined && serves && isServing(basename(program))) found.push({ pid, start });
  }
  return found;
}

function isServing(program: string): boolean {
  return SERVING.has(program) || program.startsWith(EMULATORS);
}

/** Whether it has ended. */
async function end({ pid, start }: Served, timer: Timer, send: typeof sendSignal): Promise<boolean> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if ((await startOf(pid)) !== start) return true;
    send(pid, signal);
    const endMs = timer.monotonicMs() + MOST_END_MS;
    while ((await startOf(pid)) === start) {
      if (timer.monotonicMs() > endMs) break;
      await timer.sleep(LOOK_MS);
    }
  }
  return (await startOf(pid)) !== start;
}

function notEnded(pids: readonly number[]): SendenseError {
  const those = pids.length === 1 ? `process ${pids[0]}` : `processes ${pids.join(', ')}`;
  return new SendenseError('TIMEOUT', `${those} of the mount cannot be ended, not even by SIGKILL`, {
    operation: 'end-mount-programs',
    remedy: 'what they wait for in the kernel has to come back, or this machine is started anew',
    context: { pids },
  });
}

async function argumentsOf(pid: number): Promise<readonly string[]> {
  const text = await readFile(join('/proc', `${pid}`, 'cmdline'), 'utf8').catch(() => '');
  return text.split('\0');
}

/** `undefined`: there is no such process, or it has ended and nobody asked how. */
async function startOf(pid: number): Promise<string | undefined> {
  const text = await readFile(join('/proc', `${pid}`, 'stat'), 'latin1').catch(() => '');
  // the name of the program is in parentheses and may hold anything
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}
