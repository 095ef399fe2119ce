import { createVhd, openVhd } from '@sendense/formats/vhd';
import { describe, expect, it } from 'vitest';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { bigEndian, bytesOf, endOf, FRONT, HEADER, patchStructure } from './patch-vhd.ts';

const IMAGE = '/disk.vhd';
const MIB = 1024 * 1024;

/** A disk of 4 MiB whose second block holds sevens. */
async function sample(subformat: 'dynamic' | 'fixed' = 'dynamic') {
  const fileSystem = new MemoryFileSystem();
  const writer = await createVhd(IMAGE, { fileSystem, subformat, sizeBytes: 4 * MIB });
  await writer.write(3 * MIB, new Uint8Array(4096).fill(7));
  await writer.flush();
  return { fileSystem, file: bytesOf(fileSystem, IMAGE) };
}

/** Opens the sample, reads to its end, and gives a byte that it holds, and the codes of the warnings. */
async function read(fileSystem: MemoryFileSystem) {
  await using image = await openVhd(IMAGE, { fileSystem });
  const into = new Uint8Array(1);
  await image.read(image.sizeBytes - 1, into);
  await image.read(3 * MIB + 4095, into);
  return [into[0], image.info.warnings.map(({ code }) => code)];
}

describe('the two footers of a VHD', () => {
  it('are both used: the front one where the one at the end is cut off', async () => {
    const { fileSystem, file } = await sample();
    fileSystem.files.set(IMAGE, file.subarray(0, -512));
    expect(await read(fileSystem)).toEqual([7, ['footer-damaged']]);
  });

  it('are both used: the front one where the one at the end is damaged', async () => {
    const { fileSystem, file } = await sample();
    file[file.byteLength - 512 + 50] = 99;
    expect(await read(fileSystem)).toEqual([7, ['footer-damaged']]);
  });

  it('are both used: the one at the end where the front one is damaged, and that is told', async () => {
    const { fileSystem, file } = await sample();
    file[50] = 99;
    expect(await read(fileSystem)).toEqual([7, ['footer-copy-damaged']]);
  });

  it('may differ, which is told', async () => {
    const { fileSystem, file } = await sample();
    patchStructure(file, FRONT, 68, [1, 2, 3]);
    expect(await read(fileSystem)).toEqual([7, ['footer-copy-differs']]);
  });

  it('may lack the last byte at the end, as programs of 2004 wrote it', async () => {
    const { fileSystem, file } = await sample('fixed');
    fileSystem.files.set(IMAGE, file.subarray(0, -1));
    expect(await read(fileSystem)).toEqual([7, []]);
  });

  it('are refused when both are damaged, and missed when there is none', async () => {
    const { fileSystem, file } = await sample();
    file[50] = 99;
    file[file.byteLength - 512 + 50] = 99;
    await expect(read(fileSystem)).rejects.toMatchObject({
      code: 'FORMAT_INVALID',
      message: expect.stringContaining('damaged'),
    });
    fileSystem.files.set(IMAGE, new Uint8Array(4096));
    await expect(read(fileSystem)).rejects.toMatchObject({
      code: 'FORMAT_INVALID',
      message: expect.stringContaining('no footer'),
    });
  });
});

describe('the size of a VHD', () => {
  /** 3 MiB and a little by geometry: 92 cylinders, 4 heads, 17 sectors. */
  const shown = [0, 92, 4, 17];
  const shownBytes = 92 * 4 * 17 * 512;

  it.each([
    ['win ', 4 * MIB, []],
    ['vbox', 4 * MIB, []],
    ['vpc ', 4 * MIB, ['size-by-geometry']],
  ])(
    'is the size field where %j shows less by its geometry: nothing is lost',
    async (creator, size, codes) => {
      const { fileSystem, file } = await sample();
      for (const footer of [FRONT, endOf(file)]) {
        patchStructure(file, footer, 28, Buffer.from(creator));
        patchStructure(file, footer, 56, shown);
      }
      await using image = await openVhd(IMAGE, { fileSystem });
      expect([image.sizeBytes, image.info.warnings.map(({ code }) => code)]).toEqual([size, codes]);
    },
  );

  it.each([
    ['win ', 3 * MIB],
    ['vpc ', shownBytes],
    ['qemu', shownBytes],
  ])('is the larger one for %j where the geometry shows more than the size field', async (creator, size) => {
    const { fileSystem, file } = await sample();
    for (const footer of [FRONT, endOf(file)]) {
      patchStructure(file, footer, 28, Buffer.from(creator));
      patchStructure(file, footer, 48, bigEndian(3 * MIB, 8));
      patchStructure(file, footer, 56, shown);
    }
    await using image = await openVhd(IMAGE, { fileSystem });
    expect(image.sizeBytes).toBe(size);
  });

  it('is kept as the original size where a fixed disk is rounded up for Azure', async () => {
    const fileSystem = new MemoryFileSystem();
    const writer = await createVhd(IMAGE, { fileSystem, subformat: 'fixed', sizeBytes: 3 * MIB + 512 });
    await writer.flush();
    const file = bytesOf(fileSystem, IMAGE);
    const view = new DataView(file.buffer, file.byteLength - 512);
    expect([view.getBigUint64(40), view.getBigUint64(48)]).toEqual([BigInt(3 * MIB + 512), BigInt(4 * MIB)]);
  });

  it.each([
    ['dynamic', {}, 2040],
    ['fixed', {}, 2040],
    ['fixed', { azure: true }, 32_768],
  ] as const)('of a %s one %o ends at %i GiB', async (subformat, more, limit) => {
    const fileSystem = new MemoryFileSystem();
    const sizeBytes = limit * 1024 * MIB + 1;
    const refused = createVhd(IMAGE, { fileSystem, subformat, sizeBytes, ...more });
    await expect(refused).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: expect.stringContaining(`${limit * 1024 * MIB}`),
    });
    expect(fileSystem.opened).toEqual([]);
  });
});

describe('a hostile VHD', () => {
  const hostile: readonly (readonly [what: string, code: string, change: (file: Uint8Array) => void])[] = [
    [
      'a table outside the file',
      'CORRUPT',
      (file) => patchStructure(file, HEADER, 16, bigEndian(2 ** 40, 8)),
    ],
    [
      'a table beyond all numbers',
      'CORRUPT',
      (file) => patchStructure(file, HEADER, 16, new Uint8Array(8).fill(255)),
    ],
    ['a table on its headers', 'CORRUPT', (file) => patchStructure(file, HEADER, 16, bigEndian(1024, 8))],
    ['a table with too few entries', 'CORRUPT', (file) => patchStructure(file, HEADER, 28, bigEndian(1, 4))],
    ['blocks of nothing', 'FORMAT_UNSUPPORTED', (file) => patchStructure(file, HEADER, 32, bigEndian(0, 4))],
    [
      'blocks of 2 GiB',
      'FORMAT_UNSUPPORTED',
      (file) => patchStructure(file, HEADER, 32, bigEndian(2 ** 31, 4)),
    ],
    ['a header with a wrong checksum', 'CORRUPT', (file) => file.fill(9, 600, 601)],
    [
      'a header of version 2',
      'FORMAT_UNSUPPORTED',
      (file) => patchStructure(file, HEADER, 24, bigEndian(0x2_0000, 4)),
    ],
    [
      'a type that is reserved',
      'FORMAT_UNSUPPORTED',
      (file) => patchStructure(file, endOf(file), 60, bigEndian(6, 4)),
    ],
    [
      'a header outside the file',
      'FORMAT_INVALID',
      (file) => patchStructure(file, endOf(file), 16, bigEndian(2 ** 50, 8)),
    ],
    [
      'a disk larger than its table',
      'CORRUPT',
      (file) => patchStructure(file, endOf(file), 48, bigEndian(2 ** 50, 8)),
    ],
    ['a block on its headers', 'CORRUPT', (file) => file.set(bigEndian(1, 4), 1536 + 4)],
    ['a block outside the file', 'CORRUPT', (file) => file.set(bigEndian(2 ** 31, 4), 1536 + 4)],
    [
      'a block that is cut off',
      'CORRUPT',
      (file) => {
        const at = file.byteLength - 51_200;
        file.set(bigEndian(at / 512, 4), 1536 + 4);
        file.fill(255, at, at + 512);
      },
    ],
  ];

  it.each(hostile)('with %s is %s', async (_, code, change) => {
    const { fileSystem, file } = await sample();
    change(file);
    await expect(read(fileSystem)).rejects.toMatchObject({ code, message: expect.stringContaining(IMAGE) });
    expect(fileSystem.largestReadBytes).toBeLessThanOrEqual(65_536);
  });

  it('that is fixed and shorter than its disk is CORRUPT', async () => {
    const { fileSystem, file } = await sample('fixed');
    fileSystem.files.set(IMAGE, file.slice(MIB));
    await expect(read(fileSystem)).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});
