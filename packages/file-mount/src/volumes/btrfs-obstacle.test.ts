import type { ByteSource } from '@sendense/file-restore';
import { expect, it } from 'vitest';
import { btrfsObstacle } from './btrfs-obstacle.ts';

/** A superblock that says that its file system lies on so many devices. */
function superblockOf(devices: bigint): ByteSource {
  const bytes = new Uint8Array(128 * 1024).fill(0xa5, 64 * 1024);
  new DataView(bytes.buffer).setBigUint64(64 * 1024 + 0x88, devices, true);
  return {
    sizeBytes: bytes.byteLength,
    read: async (offset, into) => into.set(bytes.subarray(offset, offset + into.byteLength)),
  };
}

it('a btrfs file system on one device, of an id that is not mounted, is no obstacle', async () => {
  expect(await btrfsObstacle(superblockOf(1n))).toBeUndefined();
});

it('a btrfs file system on several devices is not handed to the kernel', async () => {
  expect(await btrfsObstacle(superblockOf(3n))).toContain('3 devices');
});
