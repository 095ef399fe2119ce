import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { SendenseError } from '@sendense/core';
import { systemTimer, type Timer, withTimeout } from '@sendense/plugin-kit';

/** One that the kernel lets end ends in this time. */
const MOST_KILL_MS = 5_000;

/** Whether a program has ended, or never was started. */
export function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

/**
 * Waits for a program that was told to end, and kills it after `mostMs`. Rejects with `TIMEOUT` where that does not end it within five
 * seconds: it waits in the kernel, and this process is not to wait with it.
 */
export async function awaitEnd(
  child: ChildProcess,
  mostMs: number,
  timer: Timer = systemTimer,
): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  ended.catch(() => undefined); // nobody may wait for it any more
  if (await isWithin(ended, mostMs, timer)) return;
  child.kill('SIGKILL');
  if (await isWithin(ended, MOST_KILL_MS, timer)) return;
  child.unref();
  child.stderr?.destroy();
  throw new SendenseError('TIMEOUT', `process ${child.pid} does not end, though it was killed`, {
    operation: 'end-program',
    effect: 'unknown',
    remedy: 'what it waits for in the kernel has to come back, or this machine is started anew',
    context: { pid: child.pid ?? 0 },
  });
}

async function isWithin(ended: Promise<unknown>, mostMs: number, timer: Timer): Promise<boolean> {
  try {
    await withTimeout(() => ended, mostMs, { operation: 'end-program', timer });
    return true;
  } catch (error) {
    if (!SendenseError.is(error, 'TIMEOUT')) throw error;
    return false;
  }
}
