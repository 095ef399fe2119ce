import { run } from './program.ts';

/** The first byte of an inode in an image of ext with blocks of 1 KiB; its map begins 40 bytes further. */
export function inodeAt(image: string, path: string): number {
  const [, block, offset] =
    /block (\d+), offset (0x[0-9a-f]+)/u.exec(run('debugfs', ['-R', `imap ${path}`, image])) ?? [];
  return Number(block) * 1024 + Number(offset);
}
