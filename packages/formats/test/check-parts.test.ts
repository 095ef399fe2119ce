import type { BlockWriter } from '@sendense/core';
import { checkDiskImage } from '@sendense/formats';
import { createVhd } from '@sendense/formats/vhd';
import { createVhdx } from '@sendense/formats/vhdx';
import { createVmdk } from '@sendense/formats/vmdk';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { diskFixtures } from '@sendense/tests/disk-fixtures';
import { describe, expect, it } from 'vitest';
import { checkParts } from '../src/check/check-parts.ts';
import type { FilePart } from '../src/check/file-parts.ts';
import { CheckLog } from '../src/qcow2/check-result.ts';
import { FOLDER, fixtureFiles } from './fixture-files.ts';
import { MemoryFileSystem } from './memory-file-system.ts';

const PATH = '/images/disk';
const MIB = 1024 * 1024;

/** A format whose entries in a table are places in the file. */
type Tabled = {
  readonly name: string;
  /** What its tables give out. */
  readonly unit: 'block' | 'grain';
  readonly unitBytes: number;
  readonly create: (fileSystem: FileSystem, sizeBytes: number) => Promise<BlockWriter>;
  /** Where the entry of unit `index` lies in the file. */
  readonly entryAt: (view: DataView, index: number) => number;
  /** Changes an entry to lead `bytes` further. */
  readonly move: (view: DataView, at: number, bytes: number) => void;
};

const moveSectors = (littleEndian: boolean) => (view: DataView, at: number, bytes: number) =>
  view.setUint32(at, view.getUint32(at, littleEndian) + bytes / 512, littleEndian);

const FORMATS: readonly Tabled[] = [
  {
    name: 'VMDK',
    unit: 'grain',
    unitBytes: 65_536,
    create: (fileSystem, sizeBytes) => createVmdk(PATH, { fileSystem, sizeBytes }),
    entryAt: (view, index) => {
      const directory = Number(view.getBigUint64(56, true)) * 512;
      return view.getUint32(directory, true) * 512 + index * 4;
    },
    move: moveSectors(true),
  },
  {
    name: 'VHD',
    unit: 'block',
    unitBytes: 512 * 1024,
    create: (fileSystem, sizeBytes) => createVhd(PATH, { fileSystem, sizeBytes, blockBytes: 512 * 1024 }),
    entryAt: (_view, index) => 512 + 1024 + index * 4,
    move: moveSectors(false),
  },
  {
    name: 'VHDX',
    unit: 'block',
    unitBytes: MIB,
    create: (fileSystem, sizeBytes) => createVhdx(PATH, { fileSystem, sizeBytes, blockBytes: MIB }),
    entryAt: (_view, index) => 3 * MIB + index * 8,
    move: (view, at, bytes) => view.setBigUint64(at, view.getBigUint64(at, true) + BigInt(bytes), true),
  },
];

/** An image of five units that all hold data, one behind the other. */
async function imageOf({ create, unitBytes }: Tabled): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem();
  await using writer = await create(fileSystem, 5 * unitBytes);
  for (let index = 0; index < 5; index += 1)
    await writer.write(index * unitBytes, new Uint8Array(unitBytes).fill(index + 1));
  await writer.flush();
  return fileSystem;
}

function viewOf(fileSystem: MemoryFileSystem): DataView {
  const bytes = fileSystem.files.get(PATH) ?? new Uint8Array();
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function check(fileSystem: MemoryFileSystem) {
  const { errors, leaks, findings } = await checkDiskImage(PATH, { fileSystem });
  return { errors, leaks, codes: findings.map(({ code }) => code) };
}

describe.each(FORMATS)('the check of a $name', (format) => {
  it('finds nothing in a whole image', async () => {
    expect(await check(await imageOf(format))).toEqual({ errors: 0, leaks: 0, codes: [] });
  });

  it('finds two entries that lead to one place, and the place that nobody knows then', async () => {
    const fileSystem = await imageOf(format);
    const view = viewOf(fileSystem);
    format.move(view, format.entryAt(view, 1), 2 * (format.unitBytes + (format.name === 'VHD' ? 512 : 0)));
    expect(await check(fileSystem)).toEqual({
      errors: 1,
      leaks: 1,
      codes: ['overlap', `${format.unit}-leaked`],
    });
  });
});

it.each(FORMATS.filter(({ name }) => name !== 'VHDX'))(
  'finds an entry of a $name that leads into the middle of another block',
  async (format) => {
    const fileSystem = await imageOf(format);
    const view = viewOf(fileSystem);
    format.move(view, format.entryAt(view, 1), 512);
    expect((await check(fileSystem)).codes).toContain('overlap');
  },
);

it('finds a grain of a VMDK that lies on a grain table', async () => {
  const [vmdk] = FORMATS;
  if (vmdk === undefined) throw new Error('no format');
  const fileSystem = await imageOf(vmdk);
  const view = viewOf(fileSystem);
  const table = vmdk.entryAt(view, 0);
  view.setUint32(table + 4, table / 512, true);
  expect((await check(fileSystem)).codes).toContain('overlap');
});

it.each(Object.keys(diskFixtures))('finds no damage in %s, written from the specification', async (name) => {
  const fixture = diskFixtures[name]?.(20_261_121);
  if (fixture === undefined) throw new Error(name);
  const fileSystem = fixtureFiles(fixture);
  const { errors } = await checkDiskImage(`${FOLDER}/${fixture.image}`, {
    fileSystem,
    parents: { folders: [FOLDER] },
  });
  expect(errors).toBe(0);
});

describe('checkParts', () => {
  const SECTOR = 512;

  async function checked(parts: readonly (readonly [first: number, end: number])[], windowSectors: number) {
    const fileSystem = new MemoryFileSystem();
    const handle = await fileSystem.open(PATH, 'create');
    await handle.truncate(64 * SECTOR);
    const log = new CheckLog(PATH);
    async function* yielded(): AsyncGenerator<FilePart> {
      for (const [first, end] of parts)
        yield { offset: first * SECTOR, length: (end - first) * SECTOR, use: 'own', what: () => `${first}` };
    }
    const file = { path: PATH, handle, unitBytes: 1 };
    const tabled = { file, unitBytes: 4 * SECTOR, unitName: 'block', parts: yielded } as const;
    await checkParts(tabled, log, {}, windowSectors * SECTOR);
    const { errors, findings } = log.result();
    const leaked = findings.flatMap(({ message }) => /nothing refers .* (\d+)$/.exec(message)?.[1] ?? []);
    return { errors, leaked: leaked.map((offset) => Number(offset) / SECTOR) };
  }

  it.each([64, 16, 8, 1])('finds the same in windows of %i sectors', async (windowSectors) => {
    const gaps = [
      [0, 10],
      [13, 14],
      [18, 19],
      [28, 30],
      [47, 48],
    ] as const;
    const leaked = [14, 19, 23, 30, 34, 38, 42];
    expect(await checked(gaps, windowSectors)).toEqual({ errors: 0, leaked });
    expect((await checked([...gaps, [9, 10]], windowSectors)).errors).toBe(1);
    expect((await checked([...gaps, [18, 19], [63, 64]], windowSectors)).errors).toBe(1);
  });
});
