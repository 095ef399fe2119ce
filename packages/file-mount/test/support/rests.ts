import { readdirSync, readFileSync } from 'node:fs';
import { run } from './program.ts';

/** What of a mount the system still knows: mounts, loop devices, programs, by the folder that they name. */
export function restsOf(folder: string): readonly string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const loops = run('losetup', ['--all']).split('\n');
  const programs = readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .map(commandOf);
  return [...mounts, ...loops, ...programs].filter((line) => line.includes(folder));
}

/** Processes that ended meanwhile have none. */
function commandOf(pid: string): string {
  if (pid === `${process.pid}`) return '';
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
