import { crc32 } from 'node:zlib';
import { diskId } from '@sendense/core';
import { expect, it } from 'vitest';
import type { ByteSource } from '../src/bytes/byte-source.ts';
import { isHybridDisc } from '../src/volumes/hybrid-disc.ts';
import type { Partition } from '../src/volumes/volume.ts';
import { plainDisc } from './support/made-disc.ts';

const SECTOR = 512;
const KIB = 1024;
const MIB = 1024 * KIB;
const DISK_BYTES = 8 * MIB;
const ROOT_AT = 40 * 2048;

/** A disk of 8 MiB that begins with a disc of one, changed by a test. */
function diskBytes(): Buffer {
  return Buffer.concat([plainDisc([{ name: 'FILE' }]).bytes, Buffer.alloc(DISK_BYTES - MIB)]);
}

/** A partition by its first byte and the one behind its last. */
const part = (offset: number, end: number): Partition => ({
  number: 1,
  offset,
  length: end - offset,
  label: '',
});

function isDisc(bytes: Buffer, ...partitions: readonly Partition[]): Promise<boolean> {
  const source: ByteSource = {
    sizeBytes: bytes.byteLength,
    read: async (offset, into) => into.set(bytes.subarray(offset, offset + into.byteLength)),
  };
  const disk = { name: 'disk-0', id: diskId('disk'), sectorBytes: SECTOR, source } as const;
  return isHybridDisc(disk, { partitions, faults: [] });
}

/** What LVM writes into one of the first sectors of a physical volume. */
function physicalVolumeLabel(): Buffer {
  const label = Buffer.alloc(SECTOR);
  label.write('LABELONE');
  label.writeUInt32LE(32, 20);
  label.write('LVM2 001', 24);
  label.write('v'.repeat(32), 32);
  label.writeUInt32LE(~crc32(label.subarray(20), ~0xf597a6cf >>> 0) >>> 0, 16);
  return label;
}

it('A disc whose partition covers its begin, and holds nothing else, is one', async () => {
  const covering = part(64 * SECTOR, MIB + 300 * KIB);
  expect(await isDisc(diskBytes(), covering)).toBe(true);
  expect(await isDisc(diskBytes(), part(2048 * SECTOR, DISK_BYTES))).toBe(false);
});

it('Partitions inside of a disc, of what fills it up, and behind it, change nothing', async () => {
  const covering = part(64 * SECTOR, MIB);
  const others = [part(512 * KIB, MIB), part(MIB - 4 * KIB, MIB + 300 * KIB), part(2 * MIB, DISK_BYTES)];
  expect(await isDisc(diskBytes(), covering, ...others)).toBe(true);
});

it.each([
  ['ext', 1024 + 56, Buffer.from('53ef', 'hex')],
  ['XFS', 0, Buffer.from('XFSB')],
  ['LVM', 0, physicalVolumeLabel()],
])('What is left of a disc below a partition of %s at sector 63 is nothing', async (_, at, mark) => {
  const bytes = diskBytes();
  mark.copy(bytes, 63 * SECTOR + at);
  expect(await isDisc(bytes, part(63 * SECTOR, DISK_BYTES))).toBe(false);
});

it('What is left of a disc below a reserved partition at sector 34 is nothing, as another lies across its end', async () => {
  const reserved = part(34 * SECTOR, 256 * KIB);
  expect(await isDisc(diskBytes(), reserved, part(512 * KIB, DISK_BYTES))).toBe(false);
});

it('A disc whose root was written over is nothing', async () => {
  const bytes = diskBytes().fill(0, ROOT_AT, ROOT_AT + 2048);
  expect(await isDisc(bytes, part(64 * SECTOR, MIB))).toBe(false);
});
