import { SendenseError } from '@sendense/core';
import { needProgram } from '../programs/find-program.ts';
import { runProgram } from '../programs/run-program.ts';
import type { FoundWay } from './find-way.ts';
import { mountArguments } from './mount-ways.ts';

/**
 * Shows the file system in `file` at `target`. Rejects with `FORMAT_UNSUPPORTED` and what the program says where its driver does not
 * take it, `CONFIG_INVALID` where it does not take the path of the file.
 */
export async function mountVolume(
  { way, program }: Extract<FoundWay, { program: string }>,
  file: string,
  target: string,
): Promise<void> {
  if (way.driver === 'ntfs-3g' && file.includes(',')) throw comma(file);
  if (way.onDevice !== true) {
    await succeed(program, mountArguments(way, file, target));
    return;
  }
  const losetup = await needProgram('losetup', 'mount');
  const device = await succeed(losetup, ['--find', '--show', '--read-only', file]);
  try {
    await succeed(program, mountArguments(way, device, target));
  } finally {
    // in use now: it goes with the mount
    await runProgram(losetup, ['--detach', device]);
  }
}

/** ntfs-3g passes the path on in a list of options. */
function comma(file: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `ntfs-3g takes no path with a comma: ${file}`, {
    operation: 'mount-volume',
    remedy: 'name a state folder without one',
    context: { file },
  });
}

async function succeed(program: string, args: readonly string[]): Promise<string> {
  const { code, said } = await runProgram(program, args);
  if (code === 0) return said;
  throw new SendenseError('FORMAT_UNSUPPORTED', said === '' ? `${program} failed` : said, {
    operation: 'mount-volume',
    remedy: 'read the files in process, or restore the disk',
    context: { program, code },
  });
}
