import { createHash } from 'node:crypto';
import { chmod, chown, lutimes, mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const OLD = 1_234_567_890.5;

/** Bytes that a word decides and that do not repeat. */
export function noise(length: number, seed: string): Buffer {
  const parts: Buffer[] = [];
  for (let index = 0; index * 64 < length; index += 1)
    parts.push(createHash('sha512').update(`${seed} ${index}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}

/** Files of several sizes in folders; `hasOwners`: with what only file systems of Unix have. */
export async function makeTree(root: string, name: string, hasOwners: boolean): Promise<void> {
  const folder = join(root, 'docs', 'deep');
  await mkdir(folder, { recursive: true });
  await writeFile(join(root, `only in ${name}`), name);
  await writeFile(join(root, 'noise'), noise(3_000_001, name));
  await writeFile(join(root, 'docs', 'empty'), '');
  await writeFile(join(folder, 'ünïcödé'), 'deep');
  for (let index = 0; index < 40; index += 1)
    await writeFile(join(folder, `file ${index}`), noise(index * 100, `${name} ${index}`));
  if (hasOwners) {
    await chmod(join(root, 'noise'), 0o4750);
    await chown(join(folder, 'file 3'), 1234, 2345);
    await symlink('deep/file 7', join(root, 'docs', 'link'));
    await lutimes(join(root, 'docs', 'link'), OLD, OLD);
  }
  await utimes(join(root, 'noise'), OLD, OLD);
}
