import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@sendense/core';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findImages } from './find-images.ts';
import { checkOptions, type ImageSourceOptions } from './options.ts';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'sendense-find-')));
});
afterEach(() => rm(folder, { recursive: true }));

const find = (options: ImageSourceOptions) =>
  findImages({
    options: checkOptions(options),
    fileSystem: nodeFileSystem,
    clock: systemClock,
    random: systemRandom,
    drivers: [],
    imageLocks: async () => undefined,
  });

async function files(...names: readonly string[]): Promise<readonly string[]> {
  for (const name of names) await writeFile(join(folder, name), '');
  return names.map((name) => join(folder, name));
}

describe('findImages', () => {
  it('takes the images of a folder in the order a person would, and tells what it ignores', async () => {
    await files(
      'disk-10.qcow2',
      'disk-2.raw',
      'Disk.IMG',
      'notes.txt',
      '.hidden.raw',
      'disk-0.raw.partial-p1',
    );
    await mkdir(join(folder, 'more.raw'));
    const found = await find({ folder });
    expect(found.paths).toEqual(
      ['disk-2.raw', 'disk-10.qcow2', 'Disk.IMG'].map((name) => join(folder, name)),
    );
    expect(found.findings.map(({ code, object }) => [code, object])).toEqual([
      ['file-ignored', join(folder, 'disk-0.raw.partial-p1')],
      ['file-ignored', join(folder, 'notes.txt')],
    ]);
    expect(found.folder).toBe(folder);
  });

  it('takes a folder given as path, a file of any name, and a list in its order', async () => {
    const [a, b] = await files('a.raw', 'b');
    expect((await find({ path: folder })).paths).toEqual([a]);
    expect((await find({ path: b ?? '' })).paths).toEqual([b]);
    expect((await find({ path: [b ?? '', a ?? ''] })).paths).toEqual([b, a]);
  });

  it('follows symbolic links to the image itself', async () => {
    const [a] = await files('a.raw');
    await symlink(a ?? '', join(folder, 'current'));
    expect((await find({ path: join(folder, 'current') })).paths).toEqual([a]);
  });

  it('says NOT_FOUND for nothing, for a folder without images, and for a file named as folder', async () => {
    const [text] = await files('a.txt');
    for (const options of [{ path: join(folder, 'none') }, { folder }, { folder: text ?? '' }]) {
      await expect(find(options)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  it.each([{}, { path: '' }, { path: [] }, { path: 'a', folder: 'b' }, { path: 'a', trac: 'off' }])(
    'refuses options %j',
    (options) => {
      expect(() => checkOptions(options as ImageSourceOptions)).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID' }),
      );
    },
  );
});

it('takes the extents of a VMDK, and what ESXi tracked of its changes, for parts of the disk that its descriptor is', async () => {
  const [disk] = await files(
    'disk.vmdk',
    'disk-flat.vmdk',
    'disk-ctk.vmdk',
    'split.vmdk',
    'split-s001.vmdk',
    'lone-flat.vmdk',
  );
  const { paths, findings } = await find({ folder });
  expect(paths).toEqual([disk, join(folder, 'lone-flat.vmdk'), join(folder, 'split.vmdk')]);
  expect(findings).toEqual([]);
});
