import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Fence } from '@sendense/core';

/** States of proc_pid_stat(5): it has ended, and its parent has not asked yet how. */
const ENDED: ReadonlySet<string | undefined> = new Set(['Z', 'X']);

/** When a process started, in the kernel's ticks; `-` where the system does not tell. `undefined`: no such process, or it has ended. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program is in parentheses and may hold anything; the state is field 3, the start field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ENDED.has(fields[0]) ? undefined : (fields[19] ?? '-');
  } catch {
    return isRunning(pid) ? '-' : undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Names this process: host, process id and start (`host:pid:start`), so that a reused id is not mistaken for it. */
export function processHolder(): string {
  return `${hostname()}:${process.pid}:${startOf(process.pid) ?? '-'}`;
}

/** Whether the process that `holder` names still runs. One of another host counts as alive: nobody here can tell. */
export function isHolderAlive(holder: string): boolean {
  const match = /^(.*):(\d+):([^:]*)$/.exec(holder);
  if (match === null) return false;
  const [, host, pid, start] = match;
  if (host !== hostname()) return true;
  const found = startOf(Number(pid));
  return found !== undefined && (found === start || found === '-' || start === '-');
}

/**
 * The fence of one process among several that share a journal. It is not lost while the process lives; whether another
 * holder lives is seen by {@link isHolderAlive}, not by a time that runs out.
 */
export function createProcessFence(): Fence {
  return { holder: processHolder(), token: 1, check: () => Promise.resolve() };
}
