import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Size of the demo disk in bytes. */
export const DISK_BYTES = 256 * 1024 * 1024;

const FILES = 48;
const FILE_BYTES = 2 * 1024 * 1024;

/** ext4 tools live in /sbin, which is not on every user's PATH. */
async function tool(name: string): Promise<string> {
  for (const folder of ['/usr/sbin', '/sbin', '/usr/bin', '/opt/homebrew/opt/e2fsprogs/sbin']) {
    const path = join(folder, name);
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  throw new Error(`the demo needs ${name}: install the package e2fsprogs`);
}

/** Makes a raw disk image with an ext4 file system that holds `FILES` files of random bytes. */
export async function makeFilesystemDisk(
  path: string,
  workFolder: string,
): Promise<{ files: number; bytes: number }> {
  const folder = join(workFolder, 'files');
  await mkdir(join(folder, 'reports'), { recursive: true });
  await writeFile(join(folder, 'hello.txt'), 'Sendense demo disk\n');
  for (let index = 0; index < FILES; index++) {
    await writeFile(join(folder, 'reports', `report-${index}.bin`), randomBytes(FILE_BYTES));
  }
  await run(await tool('mke2fs'), ['-q', '-t', 'ext4', '-F', '-d', folder, path, `${DISK_BYTES / 1024}k`]);
  await rm(folder, { recursive: true });
  return { files: FILES + 1, bytes: FILES * FILE_BYTES };
}

/** Changes about five percent of the data inside the file system: removes two files and writes two new ones. */
export async function changeFilesystemDisk(
  path: string,
  workFolder: string,
): Promise<{ files: number; bytes: number }> {
  const added = ['minutes.bin', 'budget.bin'].map((name) => ({ name, file: join(workFolder, name) }));
  for (const { file } of added) await writeFile(file, randomBytes(FILE_BYTES));
  const commands = [
    'cd /reports',
    'rm report-3.bin',
    'rm report-4.bin',
    ...added.map(({ name, file }) => `write ${file} ${name}`),
  ];
  const script = join(workFolder, 'changes');
  await writeFile(script, `${commands.join('\n')}\n`);
  await run(await tool('debugfs'), ['-w', '-f', script, path]);
  await Promise.all([script, ...added.map(({ file }) => file)].map((file) => rm(file)));
  return { files: 4, bytes: added.length * FILE_BYTES };
}
