import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32cWithout } from '@sendense/plugin-kit/checksums';
import { run } from './program.ts';

/** With these, `mkfs.xfs` makes file systems of less than 300 MB: it is meant for tests. */
const SMALL = { TEST_DIR: '/', TEST_DEV: '/', QA_CHECK_FS: '1' };

/** Makes an XFS file system in a new file; `options` are those of mkfs.xfs. */
export function makeXfs(image: string, size: string, options: readonly string[]): void {
  run('truncate', ['-s', size, image]);
  run('mkfs.xfs', ['-q', '-f', ...options, image], undefined, SMALL);
}

/** Mounts an image beside it, lets `fill` write to it, and unmounts it. */
export async function fillXfs(image: string, fill: (mount: string) => Promise<void>): Promise<void> {
  const mount = `${image}.mount`;
  await mkdir(mount, { recursive: true });
  run('mount', ['-t', 'xfs', '-o', 'loop,nouuid', image, mount]);
  try {
    await fill(mount);
  } finally {
    run('umount', [mount]);
  }
}

/** A list of files for `mkfs.xfs -p`, which fills file systems that a kernel may not mount: names without blanks, each with its source. */
export function prototypeOf(
  folders: Readonly<Record<string, readonly (readonly [string, string])[]>>,
): string {
  const lines = Object.entries(folders).map(([folder, files]) => {
    const below = files.map(([name, source]) => `${name} ---640 7 8 ${source}`);
    return [`${folder} d--750 7 8`, ...below, '$'].join('\n');
  });
  return ['/none', '0 0', 'd--755 0 0', ...lines, `long l--777 0 0 ${longTarget()}`, '$', ''].join('\n');
}

/** A target that no inode has room for. */
export function longTarget(): string {
  return join('far', ...Array.from({ length: 90 }, (_, index) => `folder-${index}`)).slice(0, 900);
}

/** What `xfs_repair` says of an image that it does not change. */
export function checkXfs(image: string): 'sound' | 'damaged' {
  const env = { ...process.env, ...SMALL, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const { status } = spawnSync('xfs_repair', ['-n', '-f', image], { env });
  return status === 0 ? 'sound' : 'damaged';
}

/** Structures of version 5 by the mark that they begin with: where their checksum is stored. */
const SUMS = [
  ['XFSB', 0xe0],
  ['IN', 0x64],
  ['XDB3', 4],
  ['XDD3', 4],
  ['BMA3', 64],
  ['XSLM', 12],
] as const;
const SECTOR = 512;

/** Makes the checksums right again of all that looks like a structure, in an image with inodes of 512 bytes. */
export function sealXfs(image: Uint8Array, blockBytes: number): void {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  for (let at = 0; at < bytes.byteLength; at += SECTOR) {
    const found = SUMS.find(([mark]) => bytes.toString('latin1', at, at + mark.length) === mark);
    if (found === undefined) continue;
    const [mark, sumAt] = found;
    const length = mark === 'XFSB' || mark === 'IN' ? SECTOR : blockBytes;
    const structure = bytes.subarray(at, at + length);
    structure.writeUInt32LE(crc32cWithout(structure, sumAt, 4), sumAt);
  }
}
