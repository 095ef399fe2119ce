import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Disks of a few hundred megabytes, mostly holes: in memory where that is offered. */
const ROOM = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Runs `use` with a folder of its own, which is removed. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(ROOM, 'sendense-power-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The programs that record a disk and play it back. */
export const POWER_PEERS = [
  'qemu-storage-daemon',
  'qemu-img',
  'fuse',
  'loop-mounts',
  'ext4-tools',
  'xfs-tools',
] as const;
