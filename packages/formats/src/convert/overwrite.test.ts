import type { ConvertRequest, DiskFormat } from '@sendense/core';
import { createFormatConverter } from '@sendense/formats/convert';
import { createRaw } from '@sendense/formats/raw';
import { createVmdk } from '@sendense/formats/vmdk';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { createMemoryFileSystem } from '@sendense/testkit';
import { beforeEach, describe, expect, it } from 'vitest';

const SIZE = 1024 * 1024;

let fileSystem: FileSystem;
let created: string[];
beforeEach(async () => {
  const files = createMemoryFileSystem();
  created = [];
  fileSystem = {
    ...files,
    async open(path, mode) {
      if (mode === 'create') created.push(path);
      return await files.open(path, mode);
    },
  };
  await fileSystem.makeDirectory('/images');
  {
    await using writer = await createVmdk('/images/disk.vmdk', {
      fileSystem,
      sizeBytes: SIZE,
      subformat: 'monolithicFlat',
    });
    await writer.flush();
  }
  const raw = await createRaw('/images/raw', { fileSystem, sizeBytes: SIZE });
  await raw[Symbol.asyncDispose]();
  created = [];
});

type Case = { readonly source: string; readonly target: string; readonly subformat?: string };

function convert({ source, target, subformat }: Case, overwrite: boolean) {
  const format: DiskFormat = subformat === undefined ? 'raw' : 'vmdk';
  const request: ConvertRequest = {
    source: { path: `/images/${source}`, ...(!source.endsWith('disk.vmdk') && { format: 'raw' }) },
    target: { path: `/images/${target}`, format, ...(subformat && { subformat }) },
    overwrite,
  };
  return createFormatConverter({ fileSystem, parents: { folders: ['/images'] } }).convert(request);
}

describe('a conversion that may overwrite', () => {
  it.each([
    ['the source', { source: 'raw', target: 'raw' }],
    ['the descriptor of the source', { source: 'disk.vmdk', target: 'disk.vmdk' }],
    ['an extent of the source', { source: 'disk.vmdk', target: 'disk-flat.vmdk' }],
    [
      'the source by its own extent',
      { source: 'disk-flat.vmdk', target: 'disk.vmdk', subformat: 'monolithicFlat' },
    ],
    [
      'the source by both of its files',
      { source: 'disk.vmdk', target: 'disk.vmdk', subformat: 'monolithicFlat' },
    ],
  ])('never replaces %s, and copies nothing before it says so', async (_what, files: Case) => {
    await expect(convert(files, true)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      remedy: 'convert to another name',
    });
    expect(created).toEqual([]);
  });

  it('replaces both files of another image', async () => {
    await convert({ source: 'raw', target: 'disk.vmdk', subformat: 'monolithicFlat' }, true);
    expect(await fileSystem.list('/images')).toEqual(['disk-flat.vmdk', 'disk.vmdk', 'raw']);
  });
});

it('refuses a target whose extent would replace a file, before anything is copied', async () => {
  await fileSystem.unlink('/images/disk.vmdk');
  const refused = convert({ source: 'raw', target: 'disk.vmdk', subformat: 'monolithicFlat' }, false);
  await expect(refused).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  expect(created).toEqual([]);
});
