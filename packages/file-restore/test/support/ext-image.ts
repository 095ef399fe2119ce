import { spawnSync } from 'node:child_process';
import { run } from './program.ts';

/** The first byte of an inode in an image of ext with blocks of 1 KiB; its map begins 40 bytes further. */
export function inodeAt(image: string, path: string): number {
  const [, block, offset] =
    /block (\d+), offset (0x[0-9a-f]+)/u.exec(run('debugfs', ['-R', `imap ${path}`, image])) ?? [];
  return Number(block) * 1024 + Number(offset);
}

/** Blocks of the volume in which the journal of an image lies, in their order. */
export function journalBlocks(image: string): number[] {
  return run('debugfs', ['-R', 'blocks <8>', image]).trim().split(/\s+/u).map(Number);
}

/** Lets `e2fsck` replay the journal of an image and correct all that it finds; `-D` gives large folders an index. */
export function fixExt(image: string, ...options: readonly '-D'[]): void {
  const { status, stdout } = checkWith(['-f', '-y', ...options, image]);
  if (status === null || status > 3) throw new Error(`e2fsck of ${image} ended with ${status}: ${stdout}`);
}

/** What `e2fsck` says of an image that it does not change. */
export function checkExt(image: string): 'sound' | 'damaged' {
  const { status } = checkWith(['-f', '-n', image]);
  return status === 0 ? 'sound' : 'damaged';
}

function checkWith(args: readonly string[]): { readonly status: number | null; readonly stdout: string } {
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  return spawnSync('e2fsck', args, { env, encoding: 'utf8' });
}
