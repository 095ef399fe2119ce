import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import { createFileDriver } from '@sendense/blockio-file';
import {
  type BlockIoDriver,
  type BlockReader,
  type BlockWriter,
  copyBlocks,
  type Extent,
  isZeroBytes,
  type Pace,
} from '@sendense/core';
import { checkDiskImage } from '@sendense/formats';
import { createQcow2, openQcow2 } from '@sendense/formats/qcow2';
import { openRaw } from '@sendense/formats/raw';
import { createVhd, openVhd } from '@sendense/formats/vhd';
import { createVhdx, openVhdx } from '@sendense/formats/vhdx';
import { seededBytes, seededInteger, seededRandom } from '@sendense/testkit';
import { testScale, testSeed } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

const MIB = 1024 * 1024;
const PIECE = 65_536;

type Format = readonly [
  name: string,
  create: (path: string, sizeBytes: number) => Promise<BlockWriter>,
  open: (path: string) => Promise<BlockReader>,
];

const FORMATS: readonly Format[] = [
  ['dynamic VHD', (path, sizeBytes) => createVhd(path, { sizeBytes, blockBytes: 512 * 1024 }), openVhd],
  ['dynamic VHDX', (path, sizeBytes) => createVhdx(path, { sizeBytes, blockBytes: MIB }), openVhdx],
  [
    'fixed VHDX',
    (path, sizeBytes) => createVhdx(path, { sizeBytes, blockBytes: MIB, subformat: 'fixed' }),
    openVhdx,
  ],
];

/** The file driver, and how many bytes it was asked to move. */
function watchedDriver(): BlockIoDriver & { moved: number } {
  const driver = createFileDriver();
  const watched = {
    ...driver,
    moved: 0,
    transfer: (...given: Parameters<NonNullable<BlockIoDriver['transfer']>>) => {
      watched.moved += given[0].moves
        .filter((_, slot) => slot % 4 === 3)
        .reduce((sum, length) => sum + length, 0);
      return driver.transfer?.(...given) ?? assert.fail('the file driver transfers');
    },
  };
  return watched;
}

/** Mostly zeros: whole mebibytes of them, and random pieces. */
function diskBytes(random: () => number, sizeBytes: number): Buffer {
  const disk = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes; at += PIECE) {
    if (seededInteger(random, at % (2 * MIB) < MIB ? 2 : 100) === 1)
      disk.set(seededBytes(1 + at, Math.min(PIECE, sizeBytes - at)), at);
  }
  return disk;
}

/** Bytes of the pieces that are not all zeros. */
function dataBytes(disk: Uint8Array): number {
  let bytes = 0;
  for (let at = 0; at < disk.byteLength; at += PIECE) {
    const piece = disk.subarray(at, at + PIECE);
    if (!isZeroBytes(piece)) bytes += piece.byteLength;
  }
  return bytes;
}

async function* listed(extents: readonly Extent[]): AsyncGenerator<Extent> {
  yield* extents;
}

async function readAll(reader: BlockReader): Promise<Uint8Array> {
  const bytes = new Uint8Array(reader.sizeBytes);
  for (let at = 0; at < bytes.byteLength; at += 4 * MIB)
    await reader.read(at, bytes.subarray(at, at + 4 * MIB));
  return bytes;
}

describe.each(FORMATS)('a copy into a %s by a driver', (_, create, open) => {
  it.each(Array.from({ length: 3 * testScale() }, (__, run) => testSeed() + run))(
    'leaves the same disk as reads and writes, in as much space (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      await using folder = await temporaryFolder();
      const disk = diskBytes(random, 6 * MIB + 512 * seededInteger(random, 9));
      await writeFile(folder.file('disk'), disk);
      const whole = [{ offset: 0, length: disk.byteLength, kind: 'data' }] as const;
      // From a raw file, and from an image whose clusters lie in any order.
      await using raw = await openRaw(folder.file('disk'));
      await using image = await createQcow2(folder.file('qcow2'), { sizeBytes: disk.byteLength });
      await copyBlocks({ from: raw, to: image, extents: listed(whole) });
      await image.flush();
      await using scattered = await openQcow2(folder.file('qcow2'));
      const pace: Pace = { take: async (bytes) => Math.min(bytes, 300_000) };
      const driver = watchedDriver();
      const copies = [
        { name: 'plain', from: raw },
        { name: 'moved', from: raw, driver },
        { name: 'scattered', from: scattered, driver, pace },
      ];
      const spaces: number[] = [];
      for (const { name, ...copy } of copies) {
        await using to = await create(folder.file(name), disk.byteLength);
        const result = await copyBlocks({ to, extents: listed(whole), ...copy });
        expect(result.bytesWritten + result.bytesZeroed).toBe(disk.byteLength);
        await to.flush();
        spaces.push((await stat(folder.file(name))).blocks * 512);
        await using stored = await open(folder.file(name));
        expect(Buffer.compare(await readAll(stored), disk)).toBe(0);
      }
      // A block that held only zeros leaves its bitmap behind, in a page of the file system.
      const [plain = 0] = spaces;
      for (const space of spaces) expect(Math.abs(space - plain)).toBeLessThan(2 * PIECE);
      expect(driver.moved).toBeGreaterThanOrEqual(2 * dataBytes(disk));
    },
  );

  it('takes no room for a block of written zeros between others', async () => {
    await using folder = await temporaryFolder();
    const disk = Buffer.alloc(6 * MIB);
    for (const block of [0, 3, 5]) disk.set(seededBytes(block, MIB), block * MIB);
    // Zeros with something behind them are no zeros.
    disk.fill(0, 3 * MIB, 4 * MIB - 1);
    await writeFile(folder.file('disk'), disk);
    await using from = await openRaw(folder.file('disk'));
    await using to = await create(folder.file('image'), disk.byteLength);
    const extents = listed([{ offset: 0, length: disk.byteLength, kind: 'data' }]);
    await copyBlocks({ from, to, extents, driver: watchedDriver() });
    await to.flush();
    await using stored = await open(folder.file('image'));
    expect(Buffer.compare(await readAll(stored), disk)).toBe(0);
    expect(await checkDiskImage(folder.file('image'))).toMatchObject({ errors: 0, leaks: 0, findings: [] });
  });

  it('over what was written before leaves what the source has, zeros too', async () => {
    await using folder = await temporaryFolder();
    const disk = diskBytes(seededRandom(3), 4 * MIB);
    await writeFile(folder.file('disk'), disk);
    await using from = await openRaw(folder.file('disk'));
    await using to = await create(folder.file('image'), disk.byteLength);
    await to.write(MIB - PIECE, new Uint8Array(2 * MIB).fill(9));
    await copyBlocks({
      from,
      to,
      extents: listed([{ offset: 0, length: disk.byteLength, kind: 'data' }]),
      driver: watchedDriver(),
    });
    await to.zero(3 * MIB, PIECE);
    await to.flush();
    await using stored = await open(folder.file('image'));
    expect(Buffer.compare(await readAll(stored), disk.fill(0, 3 * MIB, 3 * MIB + PIECE))).toBe(0);
  });
});
