import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A mounted file system of a test; dispose unmounts and removes it. */
export type Mount = AsyncDisposable & { readonly path: string };

/** Makes a file system of `type` in a file and mounts it. Needs root and a loop device. */
export async function mountImage(type: 'ext4' | 'xfs'): Promise<Mount> {
  const folder = await mkdtemp(join(tmpdir(), `sendense-${type}-`));
  const image = join(folder, 'image');
  const path = join(folder, 'mount');
  await writeFile(image, '');
  // The smallest that mkfs.xfs takes.
  await truncate(image, 320 * 1024 * 1024);
  await run(`mkfs.${type}`, [type === 'ext4' ? '-qF' : '-qf', image]);
  await mkdir(path);
  await run('mount', ['-o', 'loop', image, path]);
  return mounted(folder, path, () => run('umount', [path]));
}

/** Mounts a folder a second time through FUSE. */
export async function mountFuse(): Promise<Mount> {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-fuse-'));
  const path = join(folder, 'mount');
  await mkdir(path);
  await mkdir(join(folder, 'below'), { mode: 0o700 });
  await run('bindfs', [join(folder, 'below'), path]);
  return mounted(folder, path, () => run('fusermount3', ['-u', path]));
}

function mounted(folder: string, path: string, unmount: () => Promise<unknown>): Mount {
  return {
    path,
    async [Symbol.asyncDispose]() {
      await unmount();
      await rm(folder, { recursive: true });
    },
  };
}
