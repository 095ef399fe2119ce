import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileSystem } from './file-system.ts';
import { mapErrno } from './map-errno.ts';
import { nodeFileSystem } from './node-file-system.ts';
import { publishFile } from './publish-file.ts';

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
])('publishFile on storage %s links', (_with, fileSystem) => {
  it('gives a file its name, and is harmless when repeated', async () => {
    await publishFile(fileSystem, { from, to, overwrite: false, isPublished: false });
    await publishFile(fileSystem, { from, to, overwrite: false, isPublished: true });
    expect(await readdir(folder)).toEqual(['name']);
    expect(await readFile(to, 'utf8')).toBe('new');
  });

  it.each([true, false])(
    'makes the name durable before it gives up the old one (overwrite: %s)',
    async (overwrite) => {
      const names: string[] = [];
      const watched: FileSystem = {
        ...fileSystem,
        syncDirectory: async (path) => {
          names.push(path, ...(await readdir(path)));
          return await fileSystem.syncDirectory(path);
        },
      };
      await publishFile(watched, { from, to, overwrite, isPublished: false });
      expect(names).toEqual(expect.arrayContaining([folder, 'name']));
    },
  );

  it('never replaces a file unless it is asked to', async () => {
    await writeFile(to, 'old');
    await expect(
      publishFile(fileSystem, { from, to, overwrite: false, isPublished: false }),
    ).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    expect(await readFile(to, 'utf8')).toBe('old');
    await publishFile(fileSystem, { from, to, overwrite: true, isPublished: false });
    expect(await readFile(to, 'utf8')).toBe('new');
    expect(await readdir(folder)).toEqual(['name']);
  });
});
