import type { FileHandle } from '@sendense/plugin-kit/files';

/** The smallest logical sector of a block device; every size is a multiple of it. */
const SECTOR_BYTES = 512;

/**
 * Size of a block device in bytes. `stat` says 0 for a device and Node has no ioctl, so the end is found by reading
 * single bytes: doubling, then halving; about 80 reads for 16 TiB.
 */
export async function deviceSize(handle: Pick<FileHandle, 'read'>): Promise<number> {
  const probe = new Uint8Array(1);
  const holds = async (sector: number) => (await handle.read(probe, sector * SECTOR_BYTES)) === 1;
  if (!(await holds(0))) return 0;
  let last = 0;
  let beyond = 1;
  while (await holds(beyond)) {
    last = beyond;
    beyond *= 2;
  }
  while (beyond - last > 1) {
    const middle = last + Math.floor((beyond - last) / 2);
    if (await holds(middle)) last = middle;
    else beyond = middle;
  }
  return beyond * SECTOR_BYTES;
}
