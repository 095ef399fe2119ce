import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from './program.ts';

/** What the system knows of these folders: mounts, loop devices, programs, by what they name. */
export function restsOf(...folders: readonly string[]): readonly string[] {
  const loops = run('losetup', ['--all']).split('\n');
  const programs = readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .map(commandOf);
  const all = [...mountLines(), ...loops, ...programs];
  return all.filter((line) => folders.some((folder) => line.includes(folder)));
}

/** A loop device as it is attached now: its next use has another number, its file may lose its name meanwhile. */
export type Attached = { readonly device: string; readonly use: string };

/** The loop devices that are mounted at these folders or below them. */
export function devicesAt(folders: readonly string[]): readonly Attached[] {
  return mountLines().flatMap((line) => {
    const [device] = /\/dev\/loop\d+/u.exec(line) ?? [];
    const isThere = folders.some((folder) => line.includes(` ${folder} `) || line.includes(` ${folder}/`));
    return device === undefined || !isThere ? [] : [attachedAs(device)];
  });
}

/** A loop device that is attached. */
export function attachedAs(device: string): Attached {
  return { device, use: useOf(device) };
}

/** Whether it was not detached since. */
export function isAttached({ device, use }: Attached): boolean {
  const folder = join('/sys/block', basename(device));
  return existsSync(join(folder, 'loop', 'backing_file')) && useOf(device) === use;
}

function useOf(device: string): string {
  return readFileSync(join('/sys/block', basename(device), 'diskseq'), 'utf8').trim();
}

function mountLines(): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
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
