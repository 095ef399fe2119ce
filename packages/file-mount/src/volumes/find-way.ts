import { readFile } from 'node:fs/promises';
import { findProgram } from '../programs/find-program.ts';
import { runProgram } from '../programs/run-program.ts';
import { type MountWay, mountWays } from './mount-ways.ts';

/** A way that works on this machine, with the file of its program; or why there is none. */
export type FoundWay =
  | { readonly way: MountWay; readonly program: string; readonly missing?: undefined }
  | { readonly way?: undefined; readonly missing: string };

/** The best way to mount a kind of file system here. */
export async function findWay(fileSystem: string): Promise<FoundWay> {
  const missing: string[] = [];
  for (const way of mountWays(fileSystem)) {
    const program = await findProgram(way.program);
    if (program === undefined) missing.push(`${way.program} is not installed (${way.debianPackage})`);
    else if (way.type !== undefined && !(await hasDriver(way.type)))
      missing.push(`the kernel has no driver for ${way.type}`);
    else return { way, program };
  }
  return { missing: missing.join(', and ') };
}

/** Whether the kernel has the driver, or loads it when something of its kind is mounted. */
async function hasDriver(type: string): Promise<boolean> {
  const loaded = await readFile('/proc/filesystems', 'utf8');
  if (loaded.split('\n').some((line) => line.split('\t').at(-1) === type)) return true;
  const modprobe = await findProgram('modprobe');
  if (modprobe === undefined) return false;
  return (await runProgram(modprobe, ['--dry-run', '--quiet', `fs-${type}`])).code === 0;
}
