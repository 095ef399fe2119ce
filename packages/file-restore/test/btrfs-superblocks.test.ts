import { expect, it } from 'vitest';
import { type Checksum, loadChecksum } from '../src/btrfs/checksum.ts';
import { readSuperblock } from '../src/btrfs/superblock.ts';
import type { ByteSource } from '../src/bytes/byte-source.ts';
import { type Made, PROFILE, superblockBytes } from './support/made-btrfs.ts';

const FIRST = 65_536;
const SECOND = 64 * 2 ** 20;
const DEVICE_BYTES = 128 * 2 ** 20;
const MADE: Made = {
  metadata: [PROFILE.single, 1],
  data: [PROFILE.single, 1],
  content: Buffer.alloc(0),
  deviceBytes: DEVICE_BYTES,
};
const checksum: Checksum = await loadChecksum(0);

/** A disk that holds nothing but superblocks. */
function disk(blocks: readonly (readonly [at: number, changes: Partial<Made>])[]): ByteSource {
  const made = new Map(
    blocks.map(([at, changes]) => [
      at,
      superblockBytes({ ...MADE, ...changes }, { checksum, device: 1, at }),
    ]),
  );
  return {
    sizeBytes: DEVICE_BYTES,
    read: (offset, into) => {
      into.set(made.get(offset) ?? Buffer.alloc(into.byteLength));
      return Promise.resolve();
    },
  };
}

it('Of the superblocks of a device the newest counts', async () => {
  const { superblock, faults } = await readSuperblock(
    disk([
      [FIRST, { generation: 6 }],
      [SECOND, { generation: 8 }],
    ]),
  );
  expect([superblock.generation, faults]).toEqual([8, []]);
});

it('A newer superblock of another file system is not used, which is told', async () => {
  const { superblock, faults } = await readSuperblock(
    disk([
      [FIRST, { generation: 6 }],
      [SECOND, { generation: 8, metadataUuid: Buffer.alloc(16, 0x77) }],
    ]),
  );
  expect(superblock.generation).toBe(6);
  expect(faults).toEqual(['superblock 1 belongs to another file system, and is not used']);
});

it('What lies behind the end of a device is none of its superblocks', async () => {
  const { superblock, faults } = await readSuperblock(
    disk([
      [FIRST, { generation: 6, deviceBytes: 16 * 2 ** 20 }],
      [SECOND, { generation: 8 }],
    ]),
  );
  expect([superblock.generation, faults]).toEqual([6, []]);
});
