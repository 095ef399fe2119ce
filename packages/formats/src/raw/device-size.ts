import type { FileHandle, FileSystem } from '@sendense/plugin-kit/files';

/** The first probe of the size of a device: 1 MiB. */
const FIRST_PROBE_BYTES = 1024 * 1024;

/** Size in bytes of an open file or block device. The status of a device does not tell, so the end is searched for. */
export async function deviceSize(handle: FileHandle, path: string, fileSystem: FileSystem): Promise<number> {
  const status = await fileSystem.stat(path);
  if (status?.kind !== 'device') return handle.size();
  const reaches = async (offset: number) => (await handle.read(new Uint8Array(1), offset)) === 1;
  let low = 0;
  let high = FIRST_PROBE_BYTES;
  while (high < Number.MAX_SAFE_INTEGER / 4 && (await reaches(high - 1))) {
    low = high;
    high *= 2;
  }
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    if (await reaches(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
