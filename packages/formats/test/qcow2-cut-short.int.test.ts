import { copyFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { openDiskImage } from '@sendense/formats';
import { checkQcow2 } from '@sendense/formats/qcow2';
import { describe, expect, it } from 'vitest';
import { type CutReading, readCutCopy, tablePlaces } from './cut-copies.ts';
import { qemuImg, qemuIo } from './qemu.ts';
import { seededRandom } from './seeded-random.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

const MIB = 1024 * 1024;
const clusterSizes = [512, 4096, 65_536, 2 * MIB];

/** What an image file of QEMU holds, and the disk that QEMU reads from it. */
type Whole = {
  readonly folder: TemporaryFolder;
  readonly image: string;
  readonly bytes: Uint8Array;
  readonly disk: Uint8Array;
};

/** A disk of 4 MiB over a base of 0x42, with what `commands` write to it. */
async function madeByQemu(folder: TemporaryFolder, options: string, ...commands: string[]): Promise<Whole> {
  const [base, image] = [folder.file('base.raw'), folder.file('disk.qcow2')];
  await writeFile(base, new Uint8Array(4 * MIB).fill(0x42));
  await qemuImg('create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', base, '-o', options, image);
  if (commands.length > 0) await qemuIo(image, ...commands);
  return { folder, image, bytes: await readFile(image), disk: await readByQemu(folder, image) };
}

async function readByQemu(folder: TemporaryFolder, image: string): Promise<Uint8Array> {
  const raw = folder.file('disk.raw');
  await qemuImg('convert', '-f', 'qcow2', '-O', 'raw', image, raw);
  return readFile(raw);
}

type Cut = { errors: number; leaks: number; codes: string[]; reading: CutReading; copy: string };

/** What is found in the first `length` bytes of the file, and how they are read. */
async function cutTo({ folder, image, disk }: Whole, length: number, partBytes?: number): Promise<Cut> {
  const copy = folder.file('cut.qcow2');
  await copyFile(image, copy);
  await truncate(copy, length);
  const { errors, leaks, findings } = await checkQcow2(copy);
  const open = () => openDiskImage(copy, { parents: { folders: [folder.path] } });
  const reading = await readCutCopy(open, disk, partBytes);
  return { errors, leaks, codes: findings.map(({ code }) => code), reading, copy };
}

describe('a QCOW2 of QEMU that ends inside a cluster', () => {
  it.each([
    ['a new one', 'cluster_size=64k', []],
    ['one with a subcluster that was written last', 'extended_l2=on', ['write -P 1 1M 512']],
    ['one with a compressed cluster that was written last', 'cluster_size=64k', ['write -c -P 1 1M 64k']],
    ['the same with zstd', 'compression_type=zstd,cluster_size=2M', ['write -c -P 1 2M 2M']],
  ] as const)('(%s) is whole: it is read as by QEMU, and nothing is found', async (_, options, commands) => {
    await using folder = await temporaryFolder();
    const whole = await madeByQemu(folder, options, ...commands);
    expect(whole.bytes.byteLength % tablePlaces(whole.bytes).clusterBytes).toBeGreaterThan(0);
    const { reading, codes } = await cutTo(whole, whole.bytes.byteLength);
    expect({ codes, ...reading }).toMatchObject({ codes: [], corrupt: 0, other: [] });
  });

  it.each([
    ['a snapshot', ['snapshot', '-c', 'before']],
    ['a bitmap', ['bitmap', '--add']],
  ] as const)('(with %s at its end) is whole, and damaged a byte shorter', async (what, command) => {
    await using folder = await temporaryFolder();
    const { image } = await madeByQemu(folder, 'cluster_size=64k', 'write -P 1 1M 64k');
    await qemuImg(...command, image, ...(what === 'a bitmap' ? ['a'] : []));
    const bytes = await readFile(image);
    const whole = { folder, image, bytes, disk: await readByQemu(folder, image) };
    expect(bytes.byteLength % 65_536).toBeGreaterThan(0);
    expect(await cutTo(whole, bytes.byteLength)).toMatchObject({ codes: [], errors: 0 });
    const cut = await cutTo(whole, bytes.byteLength - 1);
    expect(cut.codes).toContain('cut-short');
    expect(cut.reading).toMatchObject({ corrupt: 0, other: [] });
  });
});

describe.each(clusterSizes)('a QCOW2 of QEMU with clusters of %i bytes, cut short', (size) => {
  const cuts = [1, 512, size - 8, size].filter((cut, index, all) => all.indexOf(cut) === index);

  it('inside its last L2 table is CORRUPT where that is needed, and damaged; QEMU reads on and finds nothing', async () => {
    await using folder = await temporaryFolder();
    const whole = await madeByQemu(folder, `cluster_size=${size}`, 'write -z 0 4M');
    const { length } = whole.bytes;
    expect(tablePlaces(whole.bytes).l2).toContain(length - size);
    for (const cut of cuts) {
      const { errors, codes, reading, copy } = await cutTo(whole, length - cut);
      expect(reading.other, `cut by ${cut}`).toEqual([]);
      // Of larger tables the last pages are read for larger disks only.
      expect(reading.corrupt > 0, `cut by ${cut}`).toBe(cut >= size - 65_536);
      expect(errors, `cut by ${cut}`).toBeGreaterThan(0);
      expect(codes).toContain(cut < size ? 'cut-short' : 'outside-file');
      if (cut === 1) await qemuImg('check', '-q', copy);
    }
  });

  it('inside its last data cluster is read with zeros there, as by QEMU, and the check warns', async () => {
    await using folder = await temporaryFolder();
    const whole = await madeByQemu(folder, `cluster_size=${size}`, `write -P 7 2M ${size}`);
    const { length } = whole.bytes;
    for (const cut of cuts.filter((bytes) => bytes < size)) {
      const { errors, leaks, codes, copy } = await cutTo(whole, length - cut);
      expect({ errors, leaks, codes }, `cut by ${cut}`).toEqual({
        errors: 0,
        leaks: 0,
        codes: ['data-cut-short'],
      });
      await qemuImg('check', '-q', copy);
      const open = () => openDiskImage(copy, { parents: { folders: [folder.path] } });
      const reading = await readCutCopy(open, await readByQemu(folder, copy));
      expect(reading, `cut by ${cut}`).toMatchObject({ corrupt: 0, other: [] });
    }
  });

  it('by its last data cluster is CORRUPT where that is read, and damaged', async () => {
    await using folder = await temporaryFolder();
    const whole = await madeByQemu(folder, `cluster_size=${size}`, `write -P 7 2M ${size}`);
    const { errors, codes, reading } = await cutTo(whole, whole.bytes.byteLength - size);
    expect(reading).toMatchObject({ corrupt: Math.ceil(size / 4096), other: [] });
    expect(errors).toBeGreaterThan(0);
    expect(codes).toContain('outside-file');
  });

  it('inside its refcount table or a refcount block is damaged, and no byte of it is read wrong', async () => {
    await using folder = await temporaryFolder();
    const whole = await madeByQemu(folder, `cluster_size=${size}`, 'write -P 7 2M 64k');
    const { refcountTable, refcountBlock } = tablePlaces(whole.bytes);
    for (const place of [refcountTable, refcountBlock]) {
      for (const kept of [1, size - 1]) {
        const { errors, codes, reading } = await cutTo(whole, place + kept);
        expect(reading.other).toEqual([]);
        expect(errors).toBeGreaterThan(0);
        expect(codes, `${kept} bytes from ${place} on`).toContain('cut-short');
      }
    }
  });
});

it.each([
  ['zlib', 65_536],
  ['zlib', 2 * MIB],
  ['zstd', 65_536],
] as const)(
  'a QCOW2 of QEMU cut inside the last of its compressed clusters (%s, %i) is CORRUPT there alone, and damaged',
  async (compression, size) => {
    await using folder = await temporaryFolder();
    const [raw, image] = [folder.file('noise.raw'), folder.file('disk.qcow2')];
    const random = seededRandom(20_261_123);
    const disk = Uint8Array.from({ length: 2 * size }, () => random.below(16));
    await writeFile(raw, disk);
    const options = `cluster_size=${size},compression_type=${compression}`;
    await qemuImg('convert', '-c', '-f', 'raw', '-O', 'qcow2', '-o', options, raw, image);
    const bytes = await readFile(image);
    const whole = { folder, image, bytes, disk };
    // Of Zstandard the last byte is a zero: that of literals without sequences.
    const lastByte = bytes.findLastIndex((byte) => byte !== 0) + (compression === 'zstd' ? 1 : 0);
    const padding = bytes.byteLength - 1 - lastByte;
    for (const cut of [0, padding])
      expect(await cutTo(whole, bytes.byteLength - cut)).toMatchObject({
        codes: [],
        reading: { corrupt: 0, other: [] },
      });
    for (const [cut, code] of [
      [padding + 1, /data-damaged/],
      [512, /cut-short|outside-file/],
      [1000, /cut-short|outside-file/],
    ] as const) {
      const { errors, codes, reading } = await cutTo(whole, bytes.byteLength - cut, size / 2);
      expect(reading, `cut by ${cut}`).toEqual({ right: 2, corrupt: 2, other: [] });
      expect(errors, `cut by ${cut}`).toBe(1);
      expect(codes[0]).toMatch(code);
    }
  },
);
