import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../test/temporary-folder.ts';
import { resolveCompanion } from './resolve-companion.ts';

describe('resolveCompanion', () => {
  it('gives the real path of a file in an allowed folder', async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.file('base'), '');
    expect(await resolve(folder.file('image'), 'base', [folder.path])).toBe(folder.file('base'));
  });

  it.each(['../secret', 'link', '/etc/hostname'])(
    'refuses %s, which leads out of the folder',
    async (name) => {
      await using folder = await temporaryFolder();
      await mkdir(folder.file('allowed'));
      await writeFile(folder.file('secret'), '');
      await symlink(folder.file('secret'), folder.file('allowed/link'));
      const refused = resolve(folder.file('allowed/image'), name, [folder.file('allowed')]);
      await expect(refused).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    },
  );

  it('refuses a folder whose name only begins like an allowed one', async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.file('a'));
    await mkdir(folder.file('ab'));
    await writeFile(folder.file('ab/base'), '');
    const refused = resolve(folder.file('a/image'), '../ab/base', [folder.file('a')]);
    await expect(refused).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });
});

function resolve(image: string, name: string, folders: readonly string[]): Promise<string> {
  return resolveCompanion({ what: 'backing file', name, image }, { folders }, nodeFileSystem);
}
