import { createVhdx, openVhdx } from '@sendense/formats/vhdx';
import { describe, expect, it } from 'vitest';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { AT, IMAGE, KIB, littleEndian, MIB, patchCopies, sampleVhdx } from './patch-vhdx.ts';

const ALL_ONES = new Uint8Array(8).fill(255);

/** Opens the sample, reads to its end, and gives a byte that it holds, and the codes of the warnings. */
async function read(fileSystem: MemoryFileSystem) {
  await using image = await openVhdx(IMAGE, { fileSystem });
  const into = new Uint8Array(1);
  await image.read(image.sizeBytes - 1, into);
  await image.read(2 * MIB - 1, into);
  return [into[0], image.info.warnings.map(({ code }) => code)];
}

/** Changes the byte at `at`, whatever it is: those of an id are random. */
function damage(file: Uint8Array, at: number): void {
  file[at] = 255 - (file[at] ?? 0);
}

describe('the copies of the tables of a VHDX', () => {
  it.each([
    ['first header', AT.headers[0][0], ['header-damaged']],
    ['second header', AT.headers[1][0], ['header-damaged']],
    ['first region table', AT.regions[0][0], ['region-table-damaged']],
    ['second region table', AT.regions[1][0], ['region-table-damaged']],
  ])('make up for a damaged %s, which is told', async (_, at, codes) => {
    const { fileSystem, file } = await sampleVhdx();
    damage(file, at + 20);
    expect(await read(fileSystem)).toEqual([7, codes]);
  });

  it.each([
    ['headers', AT.headers],
    ['region tables', AT.regions],
  ])('are needed: with both %s damaged the file is CORRUPT', async (_, copies) => {
    const { fileSystem, file } = await sampleVhdx();
    for (const [at] of copies) damage(file, at + 20);
    await expect(read(fileSystem)).rejects.toMatchObject({
      code: 'CORRUPT',
      message: expect.stringContaining('both'),
    });
  });

  it.each([0, 1])('go by the higher sequence number, here of header %i', async (newer) => {
    const { fileSystem, file } = await sampleVhdx();
    const [older, current] = newer === 0 ? [AT.headers[1], AT.headers[0]] : AT.headers;
    patchCopies(file, [older], 8, littleEndian(5, 8));
    patchCopies(file, [current], 8, littleEndian(2n ** 60n, 8));
    // The older one asks for a log that is not there.
    patchCopies(file, [older], 48, ALL_ONES);
    expect(await read(fileSystem)).toEqual([7, []]);
  });
});

describe('a hostile VHDX', () => {
  const metadata = (item: number, field: number) => AT.metadata + 32 + item * 32 + field;
  const value = (offset: number) => AT.metadata + 64 * KIB + offset;
  /** A third entry of the region tables. */
  const third = 16 + 2 * 32;
  const hostile: readonly (readonly [
    what: string,
    code: string,
    part: string,
    change: (file: Uint8Array) => void,
  ])[] = [
    [
      'an unknown region that is required',
      'FORMAT_UNSUPPORTED',
      'ffffffff-ffff-ffff-0000-000000000000',
      (file) => {
        patchCopies(file, AT.regions, third, ALL_ONES);
        patchCopies(file, AT.regions, third + 28, [1]);
        patchCopies(file, AT.regions, 8, [3]);
      },
    ],
    [
      'unknown metadata that are required',
      'FORMAT_UNSUPPORTED',
      'caa16737-fa36-4d43-b3b6-33f0aa44e7ff',
      (file) => file.fill(255, metadata(0, 15), metadata(0, 16)),
    ],
    [
      'a log of version 1',
      'FORMAT_UNSUPPORTED',
      'version 1',
      (file) => {
        patchCopies(file, AT.headers, 48, ALL_ONES);
        patchCopies(file, AT.headers, 64, [1]);
      },
    ],
    ['version 2', 'FORMAT_UNSUPPORTED', 'version 2', (file) => patchCopies(file, AT.headers, 66, [2])],
    ['sectors of 1024 bytes', 'FORMAT_UNSUPPORTED', '1024', (file) => file.set([0, 4], value(32))],
    ['a disk of 2^63 bytes', 'FORMAT_UNSUPPORTED', '64 TiB', (file) => file.set([0x80], value(15))],
    ['a disk too large for its table', 'CORRUPT', 'too small', (file) => file.set([1], value(13))],
    ['a disk of half a sector', 'CORRUPT', 'sectors', (file) => file.set([1], value(8))],
    ['blocks of 3 MiB', 'CORRUPT', 'power of two', (file) => file.set([0, 0, 0x30], value(0))],
    [
      'a table outside the file',
      'CORRUPT',
      'region',
      (file) => patchCopies(file, AT.regions, 16 + 16, littleEndian(2 ** 40, 8)),
    ],
    ['a table at no place', 'CORRUPT', 'region', (file) => patchCopies(file, AT.regions, 16 + 16, ALL_ONES)],
    [
      'a table on its metadata',
      'CORRUPT',
      'each other',
      (file) => patchCopies(file, AT.regions, 16 + 16, littleEndian(AT.metadata, 8)),
    ],
    [
      'a table on its headers',
      'CORRUPT',
      'region',
      (file) => patchCopies(file, AT.regions, 16 + 16, littleEndian(0, 8)),
    ],
    [
      'a region twice',
      'CORRUPT',
      'twice',
      (file) => {
        patchCopies(file, AT.regions, 16 + 32, file.slice(AT.regions[0][0] + 16, AT.regions[0][0] + 32));
      },
    ],
    [
      'metadata outside their region',
      'CORRUPT',
      'outside',
      (file) => file.set(littleEndian(2 ** 32 - 8, 4), metadata(1, 16)),
    ],
    ['65,535 metadata', 'CORRUPT', 'metadata table', (file) => file.set([255, 255], AT.metadata + 10)],
    ['a block in a state that is reserved', 'CORRUPT', 'state 5', (file) => file.set([5], AT.table + 8)],
    [
      'a block that is there in part, and no parent',
      'CORRUPT',
      'no parent',
      (file) => file.set([7], AT.table + 8),
    ],
    ['a block outside the file', 'CORRUPT', 'outside', (file) => file.set([6, 0, 0, 0xff], AT.table + 8)],
    [
      'a block at no place',
      'CORRUPT',
      'outside',
      (file) => file.set([6, ...ALL_ONES.subarray(1)], AT.table + 8),
    ],
    ['a block on its headers', 'CORRUPT', 'tables', (file) => file.set([6, 0, 0, 0], AT.table + 8)],
    ['a block on its table', 'CORRUPT', 'tables', (file) => file.set([6, 0, 0x30, 0], AT.table + 8)],
    ['a parent that it does not name', 'CORRUPT', 'parent locator', (file) => file.set([2], value(4))],
  ];

  it.each(hostile)('with %s is %s', async (_, code, part, change) => {
    const { fileSystem, file } = await sampleVhdx();
    change(file);
    await expect(read(fileSystem)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(new RegExp(`${IMAGE}.*${part}`)),
    });
    expect(fileSystem.largestReadBytes).toBeLessThanOrEqual(MIB);
  });

  it('may have regions and metadata that are unknown, and not required', async () => {
    const { fileSystem, file } = await sampleVhdx();
    patchCopies(file, AT.regions, third, ALL_ONES);
    patchCopies(file, AT.regions, 8, [3]);
    // The last item: the size of physical sectors.
    file.fill(255, metadata(4, 15), metadata(4, 16));
    file.fill(0, metadata(4, 24), metadata(4, 25));
    expect(await read(fileSystem)).toEqual([7, []]);
  });

  it('that is cut short is CORRUPT where something is missing, and can be read before', async () => {
    const { fileSystem, file } = await sampleVhdx();
    fileSystem.files.set(IMAGE, file.subarray(0, -1));
    await using image = await openVhdx(IMAGE, { fileSystem });
    await image.read(0, new Uint8Array(MIB));
    await expect(image.read(MIB, new Uint8Array(1))).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});

describe('a new VHDX', () => {
  it('ends at 64 TiB', async () => {
    const fileSystem = new MemoryFileSystem();
    const refused = createVhdx(IMAGE, { fileSystem, sizeBytes: 64 * 1024 ** 4 + 1 });
    await expect(refused).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: expect.stringContaining(`${64 * 1024 ** 4}`),
    });
    expect(fileSystem.opened).toEqual([]);
  });

  it.each([512 * KIB, 3 * MIB, 512 * MIB])('has no blocks of %i bytes', async (blockBytes) => {
    const refused = createVhdx(IMAGE, { fileSystem: new MemoryFileSystem(), sizeBytes: MIB, blockBytes });
    await expect(refused).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('blockBytes'),
    });
  });
});
