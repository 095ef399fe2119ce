import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isKept, repositoryAround } from './spared-places.ts';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'sendense-spared-')));
  await mkdir(join(folder, 'kept/below'), { recursive: true });
  await mkdir(join(folder, 'kept-too'));
  await symlink(join(folder, 'kept'), join(folder, 'link'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('what is kept', () => {
  it.each([
    ['kept', true],
    ['kept/below', true],
    ['kept/below/new', true],
    ['kept-too', false],
    ['new', false],
  ])('of a folder named by a link holds for %s: %s', async (path, expected) => {
    const kept = [join(folder, 'gone'), join(folder, 'link')];
    expect(await isKept(nodeFileSystem, kept, join(folder, path))).toBe(expected);
  });
});

describe('the repository around a folder', () => {
  it('is found from its own folder and from below, and not from beside', async () => {
    const repository = join(folder, 'kept');
    await writeFile(join(repository, 'sendense-repository.json'), '{}');
    for (const below of ['', 'below', 'below/new'])
      expect(await repositoryAround(nodeFileSystem, join(repository, below))).toBe(repository);
    expect(await repositoryAround(nodeFileSystem, join(folder, 'kept-too'))).toBeUndefined();
  });
});
