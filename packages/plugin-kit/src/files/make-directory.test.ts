import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeFileSystem } from './node-file-system.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('makes missing parents, readable by the owner only, and is content with a folder that is there', async () => {
  const path = join(folder, 'a', 'b', 'c');
  await nodeFileSystem.makeDirectory(path);
  await nodeFileSystem.makeDirectory(path);
  for (const made of [join(folder, 'a'), path]) expect((await stat(made)).mode & 0o777).toBe(0o700);
});

it('makes a folder once when several ask for it at the same time', async () => {
  const path = join(folder, 'x', 'y', 'z');
  await Promise.all(Array.from({ length: 8 }, () => nodeFileSystem.makeDirectory(path)));
  expect((await stat(path)).isDirectory()).toBe(true);
});

it('refuses a path with a file in its way', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(nodeFileSystem.makeDirectory(join(folder, 'file'))).rejects.toMatchObject({
    code: 'ALREADY_EXISTS',
  });
  await expect(nodeFileSystem.makeDirectory(join(folder, 'file', 'x'))).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});

it.runIf(process.platform === 'linux')('ends where the system has no such place', async () => {
  await expect(nodeFileSystem.makeDirectory('/proc/sendense/x')).rejects.toMatchObject({ code: 'READ_ONLY' });
});
