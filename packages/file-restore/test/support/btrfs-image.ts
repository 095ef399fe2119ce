import { mkdir } from 'node:fs/promises';
import { run } from './program.ts';

/** Makes a btrfs file system in new files, a device each; `options` are those of mkfs.btrfs. */
export function makeBtrfs(images: readonly string[], size: string, options: readonly string[]): void {
  for (const image of images) run('truncate', ['-s', size, image]);
  run('mkfs.btrfs', ['-q', '-f', ...options, ...images]);
}

/** Mounts all devices of a file system beside the first, lets `fill` write to it, and unmounts it. */
export async function fillBtrfs(
  images: readonly string[],
  fill: (mount: string) => Promise<void>,
): Promise<void> {
  const [first = ''] = images;
  const mount = `${first}.mount`;
  await mkdir(mount, { recursive: true });
  const loops: string[] = [];
  try {
    for (const image of images) loops.push(run('losetup', ['--find', '--show', image]).trim());
    const devices = loops.map((loop) => `device=${loop}`).join(',');
    run('mount', ['-t', 'btrfs', '-o', devices, loops[0] ?? '', mount]);
    try {
      await fill(mount);
    } finally {
      run('umount', [mount]);
    }
  } finally {
    for (const loop of loops) run('losetup', ['--detach', loop]);
    run('btrfs', ['device', 'scan', '--forget']);
  }
}

/** What the tools say of the items of a tree of a file system that is not mounted. */
export function dumpTree(image: string, tree: string): string {
  return run('btrfs', ['inspect-internal', 'dump-tree', '-t', tree, image]);
}

/** Where a block of metadata lies in an image: its first byte, its name in the file system, and its level. */
export type MetadataBlock = { readonly at: number; readonly logical: number; readonly level: number };

/** Blocks that look like metadata, of whatever age: they name the file system and where they lie in it. */
export function metadataBlocks(whole: Buffer, nodeBytes: number): MetadataBlock[] {
  const uuid = whole.subarray(65_536 + 32, 65_536 + 48);
  const blocks: MetadataBlock[] = [];
  for (let at = 0; at + nodeBytes <= whole.byteLength; at += 4096) {
    const isSuperblock = whole.toString('latin1', at + 64, at + 72) === '_BHRfS_M';
    if (isSuperblock || whole.compare(uuid, 0, 16, at + 32, at + 48) !== 0) continue;
    const logical = Number(whole.readBigUInt64LE(at + 48));
    blocks.push({ at, logical, level: whole.readUInt8(at + 100) });
  }
  return blocks;
}
