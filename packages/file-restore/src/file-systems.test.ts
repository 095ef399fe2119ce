import { expect, it } from 'vitest';
import type { ByteSource } from './bytes/byte-source.ts';
import { probeFileSystem } from './file-systems.ts';

/** A volume of 1 MiB with a mark. */
function volume(mark: string, at: number): ByteSource {
  const bytes = Buffer.alloc(2 ** 20);
  bytes.write(mark, at, 'latin1');
  return {
    sizeBytes: bytes.byteLength,
    read: (offset, into) => {
      into.set(bytes.subarray(offset, offset + into.byteLength));
      return Promise.resolve();
    },
  };
}

it.each([
  ['bitlocker', '-FVE-FS-', 3],
  ['luks', 'LUKS\xba\xbe', 0],
  ['swap', 'SWAPSPACE2', 4086],
  ['udf', 'BEA01', 32_769],
  ['high-sierra', 'CDROM', 32_777],
])('A volume of %s is known by name only', async (kind, mark, at) => {
  expect(await probeFileSystem(volume(mark, at))).toMatchObject({ kind, open: undefined });
});

it.each([
  ['ntfs', 'NTFS    ', 3],
  ['fat', 'FAT32   ', 82],
  ['exfat', 'EXFAT   ', 3],
  ['xfs', 'XFSB', 0],
  ['ext', '\x53\xef', 1080],
  ['iso9660', 'CD001', 32_769],
  ['btrfs', '_BHRfS_M', 65_600],
])('A volume of %s is read', async (kind, mark, at) => {
  expect((await probeFileSystem(volume(mark, at)))?.open).toBeTypeOf('function');
  expect(await probeFileSystem(volume(mark, at))).toMatchObject({ kind });
});

it('A volume with no mark is of no kind', async () => {
  expect(await probeFileSystem(volume('', 0))).toBeUndefined();
});
