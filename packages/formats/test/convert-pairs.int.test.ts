import { writeFile } from 'node:fs/promises';
import type { BlockIoDriver, DiskFormat, FormatPair } from '@sendense/core';
import { compareImages, openDiskImage } from '@sendense/formats';
import { createFormatConverter } from '@sendense/formats/convert';
import { createRaw } from '@sendense/formats/raw';
import { collect, seededBytes } from '@sendense/testkit';
import { qemuName } from '@sendense/tests/converter';
import { chosenDrivers } from '@sendense/tests/drivers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestsByQemu, digestsByUs } from './piece-digests.ts';
import { qemuImg, qemuIo, qemuMap } from './qemu.ts';
import { randomStretches, writeStretches } from './random-disk.ts';
import { seededRandom } from './seeded-random.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

const SEED = 2026;
const SECTOR = 512;
const GIB = 1024 ** 3;

/** Everything that `qemu-img` makes. */
const THEIRS: readonly (readonly [format: DiskFormat, options: string])[] = [
  ['raw', ''],
  ['qcow2', 'compat=0.10'],
  ['qcow2', 'cluster_size=512'],
  ['vmdk', 'subformat=monolithicSparse'],
  ['vmdk', 'subformat=monolithicFlat'],
  ['vmdk', 'subformat=twoGbMaxExtentSparse'],
  ['vmdk', 'subformat=twoGbMaxExtentFlat'],
  ['vmdk', 'subformat=streamOptimized'],
  ['vhd', 'subformat=dynamic,force_size=on'],
  ['vhd', 'subformat=fixed,force_size=on'],
  ['vhdx', 'subformat=dynamic'],
  ['vhdx', 'subformat=fixed'],
];

const { pairs } = createFormatConverter();
const TARGETS = pairs.filter(({ from }) => from === 'raw');

let folder: TemporaryFolder;
let made = 0;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

/** A raw disk with holes, zeros and data. */
async function rawDisk(sizeBytes: number): Promise<string> {
  const path = folder.file(`disk-${made++}.raw`);
  const random = seededRandom(SEED + sizeBytes);
  await using writer = await createRaw(path, { sizeBytes });
  await writeStretches(
    randomStretches(sizeBytes, 24 * SECTOR, random),
    writer,
    new Uint8Array(sizeBytes),
    random,
  );
  return path;
}

/** `raw` as `qemu-img` writes it in a format. */
async function theirImage(raw: string, format: DiskFormat, options: string): Promise<string> {
  if (format === 'raw') return raw;
  const path = folder.file(`theirs-${made++}.img`);
  const o = options === '' ? [] : ['-o', options];
  await qemuImg('convert', '-f', 'raw', '-O', qemuName(format), ...o, raw, path);
  return path;
}

function converter(drivers: readonly BlockIoDriver[] = chosenDrivers()) {
  return createFormatConverter({ parents: { folders: [folder.path] }, drivers });
}

async function convert(
  path: string,
  from: DiskFormat,
  { to, subformat }: Pick<FormatPair, 'to' | 'subformat'>,
  drivers?: readonly BlockIoDriver[],
) {
  const target = folder.file(`ours-${made++}.img`);
  await converter(drivers).convert({
    source: { path, format: from },
    target: { path: target, format: to, ...(subformat && { subformat }) },
    overwrite: false,
  });
  return target;
}

/** What `qemu-img check` can look at. */
function isChecked({ to, subformat }: Pick<FormatPair, 'to' | 'subformat'>): boolean {
  return to === 'qcow2' || to === 'vhdx' || (to === 'vmdk' && subformat !== 'monolithicFlat');
}

async function expectEqualForQemu(
  raw: string,
  target: string,
  pair: Pick<FormatPair, 'to' | 'subformat'>,
  source: DiskFormat = 'raw',
) {
  await qemuImg('compare', '-f', qemuName(source), '-F', qemuName(pair.to), raw, target);
  if (isChecked(pair)) await qemuImg('check', '-f', qemuName(pair.to), target);
}

// one sector; neither a multiple of a cluster nor of a block; several blocks of every format
describe.each([
  [SECTOR, 'by drivers', chosenDrivers()],
  [5 * 1024 * 1024 + 3 * SECTOR, 'by drivers', chosenDrivers()],
  [5 * 1024 * 1024 + 3 * SECTOR, 'without drivers', []],
] as const)(`a disk of %i bytes %s (seed ${SEED})`, (sizeBytes, _, drivers) => {
  it.each(THEIRS)(
    'is read from the %s (%s) of qemu-img into every format, which qemu-img reads the same',
    async (from, options) => {
      const raw = await rawDisk(sizeBytes);
      const source = await theirImage(raw, from, options);
      for (const pair of TARGETS) {
        const target = await convert(source, from, pair, drivers);
        await expectEqualForQemu(raw, target, pair);
      }
    },
  );
});

describe.each([2048 * GIB + SECTOR, 8192 * GIB])('a sparse disk of %i bytes', (sizeBytes) => {
  // both ends, a place off every grid, and the end of 32 bits of sectors
  const spots = [0, Math.floor(sizeBytes / 3 / SECTOR) * SECTOR, 2048 * GIB - 5 * SECTOR, sizeBytes - SECTOR];

  /** Noise of 200 KiB, of another beginning at each spot. */
  async function largeSource(): Promise<string> {
    const source = folder.file(`large-${made++}.qcow2`);
    const noise = folder.file('noise');
    await writeFile(noise, seededBytes(SEED, 200 * 1024));
    await qemuImg('create', '-q', '-f', 'qcow2', source, String(sizeBytes));
    const writes = spots.flatMap((at, index) => [
      `write -s ${noise} ${at} ${Math.min(200 * 1024, sizeBytes - at)}`,
      `write -P ${index + 1} ${at} ${SECTOR}`,
    ]);
    await qemuIo(source, ...writes);
    return source;
  }

  it('is converted by its map into every format, the same by the digests of all its data for us and for QEMU', async () => {
    const source = await largeSource();
    await using theirs = await openDiskImage(source);
    const expected = await digestsByQemu(source, 'qcow2', { sizeBytes, extents: await qemuMap(source) });
    expect(expected.length).toBeGreaterThan(2 * spots.length);
    for (const pair of TARGETS.filter(({ to, subformat }) => to !== 'vhd' && subformat !== 'fixed')) {
      const target = await convert(source, 'qcow2', pair);
      await using ours = await openDiskImage(target, {
        format: pair.to,
        parents: { folders: [folder.path] },
      });
      const what = `${pair.to} ${pair.subformat}`;
      // the holes of these are the file system's, which QEMU alone asks for them
      const isPlain = pair.to === 'raw' || pair.subformat === 'monolithicFlat';
      const ourMap = isPlain ? undefined : await collect(ours.extents({ offset: 0, length: ours.sizeBytes }));
      // QEMU takes minutes to map a sparse VMDK, and cannot map a VHDX
      const qemuMaps = isPlain || pair.to === 'qcow2';
      const theirMap = qemuMaps ? await qemuMap(target, '-f', qemuName(pair.to)) : (ourMap ?? []);
      expect(await digestsByUs(ours, ourMap ?? theirMap), what).toEqual(expected);
      const looked = { sizeBytes: ours.sizeBytes, extents: theirMap };
      expect(await digestsByQemu(target, pair.to, looked), what).toEqual(expected);
      if (!isPlain) expect(await compareImages(theirs, ours), what).toMatchObject({ equal: true });
    }
  });

  it('is refused as VHD, by the name of the limit', async () => {
    const source = folder.file(`large-${made++}.qcow2`);
    await qemuImg('create', '-q', '-f', 'qcow2', source, String(sizeBytes));
    const refused = convert(source, 'qcow2', { to: 'vhd' });
    await expect(refused).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      context: { maxBytes: 2040 * GIB },
    });
  });
});

it.each(['qcow2', 'vmdk'])('a chain of %s files is converted as a whole', async (format) => {
  const raw = await rawDisk(3 * 1024 * 1024);
  const base = await theirImage(raw, format as DiskFormat, '');
  const top = folder.file(`top-${made++}.${format}`);
  await qemuImg('create', '-q', '-f', format, '-b', base, '-F', format, top);
  await qemuIo(top, `write -P 7 ${64 * 1024} ${128 * 1024}`, `write -z ${1024 * 1024} ${64 * 1024}`);
  const flat = folder.file(`flat-${made++}.raw`);
  await qemuImg('convert', '-f', format, '-O', 'raw', top, flat);
  for (const pair of TARGETS) {
    const target = await convert(top, format as DiskFormat, pair);
    await expectEqualForQemu(flat, target, pair);
  }
});

it('a source that is no image of the stated format is refused, and nothing is made', async () => {
  const path = folder.file('text');
  await writeFile(path, 'x'.repeat(4096));
  for (const format of ['qcow2', 'vmdk', 'vhd', 'vhdx'] as const)
    await expect(convert(path, format, { to: 'raw' })).rejects.toMatchObject({ code: 'FORMAT_INVALID' });
});
