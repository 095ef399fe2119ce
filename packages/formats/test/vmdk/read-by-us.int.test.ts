import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { openVmdk } from '@sendense/formats/vmdk';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { qemuImg, qemuMap } from '../qemu.ts';
import { type TemporaryFolder, temporaryFolder } from '../temporary-folder.ts';

const MIB = 1024 * 1024;

/** Every subformat that QEMU writes, with options that change the file. */
const written = [
  ['monolithicSparse', ''],
  ['monolithicSparse', 'compat6=on'],
  ['monolithicSparse', 'zeroed_grain=on'],
  ['monolithicSparse', 'adapter_type=lsilogic,hwversion=9'],
  ['monolithicFlat', ''],
  ['twoGbMaxExtentSparse', ''],
  ['twoGbMaxExtentFlat', ''],
  ['streamOptimized', ''],
] as const;

/** Data, holes and a last piece that is no whole grain. */
async function sampleDisk(path: string, sizeBytes: number): Promise<Buffer> {
  const disk = Buffer.alloc(sizeBytes);
  randomBytes(300_000).copy(disk, 100_000);
  disk.fill('text ', MIB, MIB + 200_000);
  disk.fill(7, sizeBytes - 1000);
  await writeFile(path, disk);
  return disk;
}

async function converted(folder: TemporaryFolder, subformat: string, options: string): Promise<string> {
  const image = folder.file('disk.vmdk');
  const all = [`subformat=${subformat}`, ...(options === '' ? [] : [options])].join(',');
  await qemuImg('convert', '-f', 'raw', '-O', 'vmdk', '-o', all, folder.file('raw'), image);
  return image;
}

describe('a VMDK that QEMU wrote', () => {
  it.each(written)('%s %s is read byte for byte and mapped alike', async (subformat, options) => {
    await using folder = await temporaryFolder();
    const content = await sampleDisk(folder.file('raw'), 5 * MIB + 512);
    const image = await converted(folder, subformat, options);
    await using ours = await openVmdk(image, { parents: { folders: [folder.path] } });
    expect(ours.info).toMatchObject({ format: 'vmdk', subformat, virtualSizeBytes: content.byteLength });
    expect(ours.info.warnings).toEqual([]);
    const read = Buffer.alloc(content.byteLength);
    await ours.read(0, read);
    expect(read.equals(content)).toBe(true);
    if (!subformat.endsWith('Flat'))
      expect(await collect(ours.map({ offset: 0, length: ours.sizeBytes }))).toEqual(await qemuMap(image));
  });
});
