import { writeFile } from 'node:fs/promises';
import { type DiskFixture, diskFixtures } from '@sendense/tests/disk-fixtures';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { firstDifferenceOfFile, mountByLibyal } from './libyal.ts';
import { qemuImg } from './qemu.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

const SEED = 20_261_121;

/** Others than these QEMU 7.2 does not read: differencing disks, sectors of 4096 bytes, logs that run around the end. */
const readByQemu = [
  'VMDK monolithicSparse',
  'VMDK streamOptimized, tables first',
  'VMDK streamOptimized, tables at the end',
  'VMDK COWD delta',
  'VMDK SESparse delta',
  'VHD fixed',
  'VHD dynamic',
  'VHDX dynamic',
];

/** Others than these libvhdi 20210425 and libvmdk 20200926 do not read: zeroed grains, SESparse, logs. */
const readByLibyal = [
  ['VMDK monolithicSparse without zeroed grains', 0],
  ['VMDK streamOptimized, tables first', 0],
  ['VMDK streamOptimized, tables at the end', 0],
  ['VMDK COWD delta', 1],
  ['VHD fixed', 0],
  ['VHD dynamic', 0],
  ['VHD differencing in eights of sectors', 1],
  ['VHDX dynamic', 0],
  ['VHDX dynamic, sectors of 4096 bytes', 0],
  ['VHDX differencing', 1],
  ['VHDX of two chunks', 1],
] as const;

describeWithPeers(['qemu-img'], 'QEMU reads in a fixture what was written to it', () => {
  it.each(readByQemu)(`%s (seed ${SEED})`, async (name) => {
    await using folder = await temporaryFolder();
    const fixture = await written(name, folder);
    await expectSameToQemu(fixture, folder);
  });

  it(`VHDX with a dirty log in one piece, when QEMU has replayed it (seed ${SEED})`, async () => {
    await using folder = await temporaryFolder();
    const fixture = await written('VHDX with a dirty log in one piece', folder);
    await qemuImg('check', '-q', '-r', 'all', '-f', 'vhdx', folder.file(fixture.image));
    await expectSameToQemu(fixture, folder);
  });
});

describeWithPeers(
  ['vhdimount', 'vmdkmount', 'fuse'],
  'libyal reads in a fixture what was written to it',
  () => {
    it.each(readByLibyal)(`%s, with %i parents (seed ${SEED})`, async (name, parents) => {
      await using folder = await temporaryFolder();
      const { format, image, content } = await written(name, folder);
      await using mounted = await mountByLibyal(format, folder.file(image), parents);
      expect(await firstDifferenceOfFile(mounted.path, content)).toBeUndefined();
    });
  },
);

async function written(name: string, folder: TemporaryFolder): Promise<DiskFixture> {
  const fixture = diskFixtures[name]?.(SEED);
  if (fixture === undefined) throw new TypeError(`no fixture is named ${name}`);
  for (const [file, bytes] of fixture.files) await writeFile(folder.file(file), bytes);
  return fixture;
}

async function expectSameToQemu(
  { format, image, content }: DiskFixture,
  folder: TemporaryFolder,
): Promise<void> {
  const raw = folder.file('expected.raw');
  await writeFile(raw, content.bytes());
  const name = format === 'vhd' ? 'vpc' : format;
  const said = await qemuImg('compare', '-f', name, '-F', 'raw', folder.file(image), raw);
  expect(said).toContain('Images are identical.');
}
