import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseArguments } from '../arguments.ts';
import { Workbench } from '../workbench.ts';
import { ourObjectBackup, resticBackup, resticRepository, storedBytes } from './object-sides.ts';
import { freshRepository } from './our-backup.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sendense-object-sides-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('what a repository stores is the bytes of all its files', async () => {
  await mkdir(path.join(folder, 'data', 'ab'), { recursive: true });
  await writeFile(path.join(folder, 'config'), 'four');
  await writeFile(path.join(folder, 'data', 'ab', 'pack'), Buffer.alloc(1000));
  expect(await storedBytes(folder)).toBe(1004);
});

test('both sides wait for the disk, and tell their passphrase by the environment alone', async () => {
  const settings = parseArguments(['--size', '4M', '--folder', folder]);
  await using bench = await Workbench.open(settings, () => undefined);
  const repository = freshRepository(bench, folder, 'dir');
  const restic = resticRepository(folder);
  const ours = ourObjectBackup(bench, repository, '/disk.raw');
  const theirs = resticBackup(restic, '/disk.raw', ['--force']);
  expect(ours.command).toContain(`'--repository' 'dir:${repository.path}'`);
  expect(ours.command).toContain(`find '${repository.path}' -type f -exec sync -d`);
  expect(theirs.command).toContain(`'restic' '-r' '${restic.path}' 'backup' '--force' '/disk.raw' && `);
  expect(theirs.command).toContain(`find '${restic.path}' -type f -exec sync -d`);
  expect(ours).toMatchObject({ env: { SENDENSE_PASSPHRASE: expect.any(String) } });
  expect(theirs).toMatchObject({ env: { RESTIC_PASSWORD: expect.any(String) } });
  expect(`${ours.command}${theirs.command}`).not.toMatch(/passphrase|password/i);
});
