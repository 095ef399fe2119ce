import { access } from 'node:fs/promises';
import type { ByteSource } from '@sendense/file-restore';

/** The superblock (btrfs on-disk format): its place, and where it holds the id and the number of devices. */
const SUPERBLOCK = 64 * 1024;
const ID_AT = 0x20;
const ID_BYTES = 16;
const DEVICES_AT = 0x88;
const HEAD_BYTES = DEVICES_AT + 8;

/**
 * Why a btrfs file system is not handed to the kernel: it knows file systems by their ids, not by their devices, so a second one of the
 * same id could show the files of the first. Kernels from 6.7 on tell two of them apart. `undefined`: nothing is in the way.
 */
export async function btrfsObstacle(bytes: ByteSource): Promise<string | undefined> {
  const head = new Uint8Array(HEAD_BYTES);
  await bytes.read(SUPERBLOCK, head);
  const devices = new DataView(head.buffer).getBigUint64(DEVICES_AT, true);
  if (devices !== 1n) return `it lies on ${devices} devices, which are not put together here`;
  const id = uuidOf(head.subarray(ID_AT, ID_AT + ID_BYTES));
  if (!(await exists(`/sys/fs/btrfs/${id}`)) || (await exists('/sys/fs/btrfs/features/temp_fsid')))
    return undefined;
  return `a btrfs file system of the same id ${id} is mounted on this machine, and the kernel takes one at a time`;
}

function uuidOf(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
