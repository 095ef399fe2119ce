import { open } from 'node:fs/promises';
import { checkDiskImage } from '@sendense/formats';
import { openVmdk } from '@sendense/formats/vmdk';
import { expect, it } from 'vitest';
import { qemuImg, qemuIo } from './qemu.ts';
import { temporaryFolder } from './temporary-folder.ts';

const MIB = 1024 * 1024;

it.each([
  ['vmdk', 'subformat=monolithicSparse', 0],
  // It forgets the grains that it makes zeros of.
  ['vmdk', 'subformat=monolithicSparse,zeroed_grain=on', 11],
  ['vmdk', 'subformat=twoGbMaxExtentSparse', 0],
  ['vpc', 'subformat=dynamic,force_size=on', 0],
  ['vhdx', 'subformat=dynamic,block_size=1M', 0],
  // It gives every block that is written to a new place at the end; what lies in front of these counts as tables.
  ['vhdx', 'subformat=fixed,block_size=1M', 0],
] as const)('a %s (%s) that QEMU wrote to has no overlaps, and %i leaks', async (format, options, lost) => {
  await using folder = await temporaryFolder();
  const image = folder.file('disk');
  await qemuImg('create', '-q', '-f', format, '-o', options, image, '40M');
  const writes = [33, 2, 17, 5, 39, 0].map((at) => `write -P ${at + 1} ${at * MIB + 512} 700k`);
  await qemuIo(image, ...writes.slice(0, -2), `write -z ${2 * MIB} 1M`, ...writes.slice(-2));
  const { errors, leaks } = await checkDiskImage(image, { parents: { folders: [folder.path] } });
  expect({ errors, leaks }).toEqual({ errors: 0, leaks: lost });
});

/** Makes the entry of the second grain of a VMDK lead to another sector. */
async function moveGrain(image: string, sector: (first: number) => number): Promise<void> {
  await using file = await open(image, 'r+');
  const at = async (position: number) =>
    (await file.read(Buffer.alloc(4), 0, 4, position)).buffer.readUInt32LE(0);
  const table = (await at((await at(56)) * 512)) * 512;
  const entry = Buffer.alloc(4);
  entry.writeUInt32LE(sector(await at(table)));
  await file.write(entry, 0, 4, table + 4);
}

it('a VMDK whose grain lies outside the file is found by QEMU and by us, one that lies on another by us alone', async () => {
  await using folder = await temporaryFolder();
  const image = folder.file('disk.vmdk');
  await qemuImg('create', '-q', '-f', 'vmdk', image, '1M');
  await qemuIo(image, 'write -P 1 0 64k', 'write -P 2 64k 64k');
  await moveGrain(image, (first) => first);
  expect((await checkDiskImage(image)).findings.map(({ code }) => code)).toEqual(['overlap']);
  await qemuImg('check', '-q', image);
  await moveGrain(image, () => 0x10_0000);
  expect((await checkDiskImage(image)).errors).toBe(1);
  await expect(qemuImg('check', '-q', image)).rejects.toThrow();
  await using ours = await openVmdk(image);
  await expect(ours.read(65_536, new Uint8Array(512))).rejects.toMatchObject({ code: 'CORRUPT' });
});
