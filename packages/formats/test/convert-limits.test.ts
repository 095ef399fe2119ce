import { readdir, readFile, writeFile } from 'node:fs/promises';
import { type ConvertRequest, type DiskFormat, SendenseError } from '@sendense/core';
import { openDiskImage } from '@sendense/formats';
import { createFormatConverter } from '@sendense/formats/convert';
import { createVhdx, openVhdx } from '@sendense/formats/vhdx';
import { type ImageUse, nodeFileSystem } from '@sendense/plugin-kit/files';
import { seededBytes } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { locksOf } from './conversions.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

const MIB = 1024 * 1024;
const TIB = 2 ** 40;

function request(folder: TemporaryFolder, format: DiskFormat, subformat?: string): ConvertRequest {
  return {
    source: { path: folder.file('source') },
    target: { path: folder.file('target'), format, ...(subformat && { subformat }) },
    overwrite: true,
  };
}

describe('a disk with sectors of 4096 bytes', () => {
  async function source(): Promise<TemporaryFolder> {
    const folder = await temporaryFolder();
    await using writer = await createVhdx(folder.file('source'), {
      sizeBytes: 4 * MIB,
      blockBytes: MIB,
      logicalSectorBytes: 4096,
    });
    await writer.write(MIB, seededBytes(1, 8192));
    await writer.flush();
    return folder;
  }

  it.each(['dynamic', 'fixed'])('keeps them in a %s VHDX', async (subformat) => {
    await using folder = await source();
    const { findings } = await createFormatConverter().convert(request(folder, 'vhdx', subformat));
    expect(findings).toEqual([]);
    await using made = await openVhdx(folder.file('target'));
    expect(made.logicalSectorBytes).toBe(4096);
  });

  it.each(['raw', 'qcow2', 'vmdk', 'vhd'] as const)('is told to lose them in a %s file', async (format) => {
    await using folder = await source();
    const { findings } = await createFormatConverter().convert(request(folder, format));
    expect(findings).toContainEqual(
      expect.objectContaining({ severity: 'warning', code: 'sector-size-lost' }),
    );
    await using made = await openDiskImage(folder.file('target'), { format });
    const read = new Uint8Array(8192);
    await made.read(MIB, read);
    expect(Buffer.compare(read, seededBytes(1, 8192))).toBe(0);
  });
});

describe('a target that a running program has open', () => {
  const held: readonly ImageUse[] = [
    { written: true, writesForbidden: false },
    { written: false, writesForbidden: true },
  ];

  it.each(held)('is not replaced, and nothing is written ($written)', async (use) => {
    await using folder = await temporaryFolder();
    await writeFile(folder.file('source'), new Uint8Array(MIB));
    await writeFile(folder.file('target'), 'guest');
    const imageLocks = locksOf(nodeFileSystem, folder.file('target'), () => use);
    const converter = createFormatConverter({ imageLocks });
    const refused = converter.convert(request(folder, 'qcow2'));
    await expect(refused).rejects.toMatchObject({ code: 'LOCKED' });
    expect(await readdir(folder.path)).toEqual(['source', 'target']);
  });

  it('is not replaced when it was opened while the copy was made', async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.file('source'), new Uint8Array(MIB));
    await writeFile(folder.file('target'), 'guest');
    let looks = 0;
    const use = () => ({ written: ++looks > 1, writesForbidden: false });
    const imageLocks = locksOf(nodeFileSystem, folder.file('target'), use);
    const refused = createFormatConverter({ imageLocks }).convert(request(folder, 'qcow2'));
    await expect(refused).rejects.toMatchObject({ code: 'LOCKED' });
    expect(await readFile(folder.file('target'), 'utf8')).toBe('guest');
    expect(await readdir(folder.path)).toEqual(['source', 'target']);
  });
});

describe('a sparse VMDK', () => {
  it('is refused before anything is written when the data is more than it can hold', async () => {
    await using folder = await temporaryFolder();
    {
      // All blocks of a fixed disk are there, in a file that takes no room.
      await using writer = await createVhdx(folder.file('source'), {
        sizeBytes: 2 * TIB,
        blockBytes: 256 * MIB,
        subformat: 'fixed',
      });
      await writer.flush();
    }
    const refused = createFormatConverter().convert(request(folder, 'vmdk', 'monolithicSparse'));
    const error: unknown = await refused.catch((failure: unknown) => failure);
    expect(SendenseError.is(error, 'FORMAT_UNSUPPORTED')).toBe(true);
    expect(error).toMatchObject({ message: 'a sparse VMDK file holds less than 2 TiB of data' });
    expect(await readdir(folder.path)).toEqual(['source']);
  });
});
