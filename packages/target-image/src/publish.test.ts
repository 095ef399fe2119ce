import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileSystem, mapErrno, nodeFileSystem } from '@sendense/plugin-kit/files';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { publish } from './publish.ts';

const withoutLinks: FileSystem = {
  ...nodeFileSystem,
  link: async (_from, to) => {
    throw mapErrno({ code: 'EPERM' }, 'link-file', to);
  },
};
let folder: string;
let from: string;
let to: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-publish-'));
  from = join(folder, 'new');
  to = join(folder, 'name');
  await writeFile(from, 'new');
});
afterEach(() => rm(folder, { recursive: true }));

describe.each([
  ['with', nodeFileSystem],
  ['without', withoutLinks],
])('publish on storage %s links', (_with, fileSystem) => {
  it('gives a file its name, and is harmless when repeated', async () => {
    await publish(fileSystem, { from, to, overwrite: false, isPublished: false });
    await publish(fileSystem, { from, to, overwrite: false, isPublished: true });
    expect(await readdir(folder)).toEqual(['name']);
    expect(await readFile(to, 'utf8')).toBe('new');
  });

  it('never replaces a file unless it is asked to', async () => {
    await writeFile(to, 'old');
    await expect(
      publish(fileSystem, { from, to, overwrite: false, isPublished: false }),
    ).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    expect(await readFile(to, 'utf8')).toBe('old');
    await publish(fileSystem, { from, to, overwrite: true, isPublished: false });
    expect(await readFile(to, 'utf8')).toBe('new');
    expect(await readdir(folder)).toEqual(['name']);
  });
});
