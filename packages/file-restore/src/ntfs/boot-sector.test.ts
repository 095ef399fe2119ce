import { expect, it } from 'vitest';
import type { ByteSource } from '../bytes/byte-source.ts';
import { probeFileSystem } from '../file-systems.ts';
import { hasBootCopy, readNtfsLayout } from './boot-sector.ts';

const SECTORS = 20_000;
const VOLUME_BYTES = (SECTORS + 1) * 512;

type Change = (boot: Buffer) => void;

/** A boot sector with clusters of eight sectors and records of 1 KiB. */
function boot(change: Change = () => undefined): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write('NTFS    ', 3, 'latin1');
  bytes.writeUInt16LE(512, 11);
  bytes.writeUInt8(8, 13);
  bytes.writeBigUInt64LE(BigInt(SECTORS), 0x28);
  bytes.writeBigUInt64LE(3n, 0x30);
  bytes.writeBigUInt64LE(8n, 0x38);
  bytes.writeUInt8(0xf6, 0x40);
  bytes.writeBigUInt64LE(0x1234_5678_9abc_def0n, 0x48);
  change(bytes);
  return bytes;
}

/** A volume with a first and a last sector. */
function volume(first: Buffer, last: Buffer = Buffer.alloc(512), sizeBytes = VOLUME_BYTES): ByteSource {
  return {
    sizeBytes,
    read: (offset, into) => {
      const bytes = Buffer.alloc(into.byteLength);
      if (offset < 512) first.copy(bytes, 0, offset);
      const at = sizeBytes - 512 - offset;
      if (at >= 0 && at < into.byteLength) last.copy(bytes, at);
      into.set(bytes);
      return Promise.resolve();
    },
  };
}

it('Sizes are read in the forms that they take', async () => {
  const { layout, findings } = await readNtfsLayout(volume(boot()));
  expect(layout).toEqual({
    serial: '123456789ABCDEF0',
    clusterBytes: 4096,
    clusters: SECTORS / 8,
    recordBytes: 1024,
    tableCluster: 3,
    mirrorCluster: 8,
  });
  expect(findings).toEqual([]);
  const sizesOf = async (change: Change) => {
    const { clusterBytes, recordBytes } = (await readNtfsLayout(volume(boot(change)))).layout;
    return [clusterBytes, recordBytes];
  };
  expect(await sizesOf((bytes) => bytes.writeUInt8(1, 0x40))).toEqual([4096, 4096]);
  expect(await sizesOf((bytes) => bytes.writeUInt8(0x80, 13))).toEqual([65_536, 1024]);
  expect(await sizesOf((bytes) => bytes.writeUInt8(0xf4, 13))).toEqual([2 ** 21, 1024]);
});

it.each<[string, Change]>([
  ['sectors of no possible size', (bytes) => bytes.writeUInt16LE(513, 11)],
  ['no clusters', (bytes) => bytes.writeUInt8(0, 13)],
  ['clusters that are no power of two', (bytes) => bytes.writeUInt8(3, 13)],
  ['clusters of 4 MiB', (bytes) => bytes.writeUInt8(0xf3, 13)],
  ['records that are too small', (bytes) => bytes.writeUInt8(0xf8, 0x40)],
  ['records of 8 KiB', (bytes) => bytes.writeUInt8(0xf3, 0x40)],
  ['records of 4 GiB', (bytes) => bytes.writeUInt8(0xe0, 0x40)],
  ['no records', (bytes) => bytes.writeUInt8(0, 0x40)],
  ['a table outside of it', (bytes) => bytes.writeBigUInt64LE(BigInt(SECTORS), 0x30)],
  ['more sectors than there are', (bytes) => bytes.writeBigUInt64LE(BigInt(SECTORS + 2), 0x28)],
  ['no sectors', (bytes) => bytes.writeBigUInt64LE(0n, 0x28)],
])('A volume with %s is damage', async (_, change) => {
  await expect(readNtfsLayout(volume(boot(change)))).rejects.toMatchObject({ code: 'CORRUPT' });
});

it('A volume whose boot sector is gone is known by its copy, which is told', async () => {
  const source = volume(Buffer.alloc(512), boot());
  expect(await probeFileSystem(source)).toMatchObject({ kind: 'ntfs', bootSector: false });
  const { layout, findings } = await readNtfsLayout(source);
  expect(layout.clusterBytes).toBe(4096);
  expect(findings).toMatchObject([{ code: 'boot-sector-damaged' }]);
});

it('The copy of a volume that ends where its disk ends is not that of the disk', async () => {
  const disk = volume(Buffer.alloc(512), boot(), VOLUME_BYTES + 2048 * 512);
  expect(await hasBootCopy(disk)).toBe(false);
  expect(await probeFileSystem(disk)).toBeUndefined();
});
