import { createHash } from 'node:crypto';
import { chmod, link, lutimes, mkdir, open, readdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes that a word decides and that do not repeat. */
export function noise(length: number, seed: string): Buffer {
  const parts: Buffer[] = [];
  for (let index = 0; index * 64 < length; index += 1)
    parts.push(createHash('sha512').update(`${seed} ${index}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}

/** Where the data of the sparse file lies, and its size. */
export const SPARSE = { sizeBytes: 5 * 2 ** 30, at: [0, 1_234_567_168, 5 * 2 ** 30 - 5000] } as const;

const OLD = 1_234_567_890.5;

/** A name that is no UTF-8: Latin-1, as older systems wrote it. */
export const LATIN1_NAME = Buffer.from([0x6d, 0xfc, 0x6c, 0x6c]);

/** Fills a folder with what machines have: depth, odd names, links of both kinds, modes, times, holes. */
export async function makeSampleTree(root: string): Promise<void> {
  const deep = join(root, ...Array.from({ length: 30 }, (_, index) => `level-${index}`));
  await mkdir(deep, { recursive: true });
  await writeFile(join(deep, 'deepest'), 'far down');
  await mkdir(join(root, 'etc'));
  await writeFile(join(root, 'etc', 'passwd'), 'root:x:0:0::/root:/bin/sh\n');
  await writeFile(join(root, 'empty'), '');
  await writeFile(join(root, 'noise'), noise(3_000_001, 'noise'));
  await writeFile(join(root, 'ünïcödé – 文件 🗂.txt'), 'unicode');
  await writeFile(join(root, `${'n'.repeat(251)}.txt`), 'long name');
  await writeFile(Buffer.concat([Buffer.from(`${root}/`), LATIN1_NAME]), 'latin');
  await symlink('etc/passwd', join(root, 'short-link'));
  await symlink('/etc/passwd', join(root, 'absolute-link'));
  await symlink('../../../../etc/passwd', join(root, 'etc', 'climbing-link'));
  await symlink(`etc/${'../etc/'.repeat(20)}passwd`, join(root, 'long-link'));
  await symlink('round-b', join(root, 'round-a'));
  await symlink('round-a', join(root, 'round-b'));
  await link(join(root, 'noise'), join(root, 'etc', 'noise-again'));
  await chmod(join(root, 'etc', 'passwd'), 0o640);
  await writeFile(join(root, 'set-user-id'), '#!/bin/sh\n');
  await chmod(join(root, 'set-user-id'), 0o4755);
  await makeSparse(join(root, 'sparse'));
  await utimes(join(root, 'noise'), OLD, OLD);
  await lutimes(join(root, 'short-link'), OLD, OLD);
}

async function makeSparse(path: string): Promise<void> {
  await using file = await open(path, 'w');
  for (const at of SPARSE.at) await file.write(noise(4000, `sparse ${at}`), 0, 4000, at);
  await file.truncate(SPARSE.sizeBytes);
}

/** Names below a folder, as bytes that are no UTF-8 come through `decodeName`. */
export function namesIn(folder: Buffer): Promise<Buffer[]> {
  return readdir(folder, { encoding: 'buffer' });
}
