import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';
import { bootId } from '@sendense/plugin-kit/files';

/** Which process this is, so that another process can tell whether it still runs. */
export type ProcessIdentity = {
  /** Machine, boot and process namespace as 12 hex digits: process ids compare only within one. */
  readonly host: string;
  readonly pid: number;
  /** When the process started, in ticks since boot: a process id is used again; `0` where it cannot be told. */
  readonly start: string;
  readonly thread: number;
};

function firstOf(...attempts: (() => string)[]): string {
  for (const attempt of attempts) {
    try {
      return attempt();
    } catch {
      // Not Linux, or /proc is hidden: the next attempt is less exact.
    }
  }
  return '0';
}

/** The start time of a process, or `0` where the system does not tell. */
export function processStart(pid: number): string {
  return firstOf(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command name (field 2) may hold spaces and parentheses; the start time is field 22.
    return (
      stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .at(19) ?? '0'
    );
  });
}

/** Whether a process of this host runs. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** This process and thread. */
export function processIdentity(): ProcessIdentity {
  const boot = bootId() ?? hostname();
  const namespace = firstOf(() => readlinkSync('/proc/self/ns/pid'));
  const host = createHash('sha256').update(`${boot}\n${namespace}`).digest('hex').slice(0, 12);
  return { host, pid: process.pid, start: processStart(process.pid), thread: threadId };
}
