import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../test/temporary-folder.ts';
import { probeFormat } from './probe-format.ts';
import { resolveCompanion } from './resolve-companion.ts';
import { openVmdk } from './vmdk/open-vmdk.ts';

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

  it.each(['other', 'directory'] as const)(
    'refuses what is of the kind "%s" before it is opened',
    async (kind) => {
      await using folder = await temporaryFolder();
      const opened: string[] = [];
      const fileSystem: FileSystem = {
        ...nodeFileSystem,
        async open(path, mode) {
          opened.push(basename(path));
          return await nodeFileSystem.open(path, mode);
        },
        async stat(path) {
          const status = await nodeFileSystem.stat(path);
          return status && basename(path) === 'pipe' ? { ...status, kind } : status;
        },
      };
      await writeFile(folder.file('pipe'), '');
      const extent = 'createType="monolithicFlat"\nRW 1 FLAT "pipe" 0\n';
      const descriptor = `# Disk DescriptorFile\nversion=1\nCID=00000001\nparentCID=ffffffff\n${extent}`;
      await writeFile(folder.file('disk.vmdk'), descriptor);
      const refused = openVmdk(folder.file('disk.vmdk'), { fileSystem, parents: { folders: [folder.path] } });
      await expect(refused).rejects.toMatchObject({
        code: 'FORMAT_UNSUPPORTED',
        message: expect.stringContaining('neither a file nor'),
      });
      expect(opened).toEqual(['disk.vmdk']);
      await expect(probeFormat(folder.file('pipe'), { fileSystem })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      });
      expect(opened).toEqual(['disk.vmdk']);
    },
  );

  it('refuses a device that is no block device', async () => {
    await using folder = await temporaryFolder();
    const refused = resolve(folder.file('image'), '/dev/null', ['/dev']);
    await expect(refused).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
  });
});

function resolve(image: string, name: string, folders: readonly string[]): Promise<string> {
  return resolveCompanion({ what: 'backing file', name, image }, { folders }, nodeFileSystem);
}
