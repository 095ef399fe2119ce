import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';

/** Size of the demo disk in bytes. */
export const DISK_BYTES = 256 * 1024 * 1024;

const FILES = 48;
const FILE_BYTES = 2 * 1024 * 1024;
const BLOCK_BYTES = 4096;
/** A file that a busy machine overwrites. */
const JOURNAL = '/journal.bin';
/** One extent of ext4 has at most 32,768 blocks and a fresh file system has room: this file is in one piece. */
const JOURNAL_BYTES = 2 * 1024 * 1024;

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
  await writeFile(join(folder, JOURNAL), randomBytes(JOURNAL_BYTES));
  const options = ['-q', '-t', 'ext4', '-b', String(BLOCK_BYTES), '-F', '-d', folder];
  await runProgram('mke2fs', [...options, path, `${DISK_BYTES / 1024}k`]);
  await rm(folder, { recursive: true });
  return { files: FILES + 2, bytes: FILES * FILE_BYTES + JOURNAL_BYTES };
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
  await runProgram('debugfs', ['-w', '-f', script, path]);
  await Promise.all([script, ...added.map(({ file }) => file)].map((file) => rm(file)));
  return { files: 4, bytes: added.length * FILE_BYTES };
}

/** Where on the disk the file is that a busy machine overwrites: its longest piece, in bytes. */
export async function journalPlace(path: string): Promise<{ offset: number; length: number }> {
  const printed = await runProgram('debugfs', ['-R', `blocks ${JOURNAL}`, path]);
  const blocks = printed.trim().split(/\s+/).map(Number);
  let best = { first: 0, count: 0 };
  let run = { first: -1, count: 0 };
  for (const block of blocks) {
    run = block === run.first + run.count ? { ...run, count: run.count + 1 } : { first: block, count: 1 };
    if (run.count > best.count) best = run;
  }
  return { offset: best.first * BLOCK_BYTES, length: best.count * BLOCK_BYTES };
}
