import { expect, it } from 'vitest';
import { ZipDirectory } from './zip-directory.ts';
import { centralRecord, MOST_RECORD_BYTES, type ZipEntry } from './zip-records.ts';

const FAR = 2 ** 40;
const ENTRY: ZipEntry = {
  name: Buffer.from('n'.repeat(102)),
  isUtf8: true,
  unixMode: 0o100_644,
  isFolder: false,
  uid: 1000,
  gid: 1000,
  mtimeNs: 0n,
  isDeflated: true,
  sizesFollow: true,
  hasLongSizes: true,
};

it('A record never takes more than was counted for it', () => {
  const content = { crc32: 0, sizeBytes: FAR, storedBytes: FAR };
  expect(centralRecord(ENTRY, content, FAR).byteLength).toBe(MOST_RECORD_BYTES + ENTRY.name.byteLength);
});

it('The directory of a zip takes in so many bytes', () => {
  const directory = new ZipDirectory(1000);
  const content = { crc32: 0, sizeBytes: FAR, storedBytes: FAR };
  for (let entries = 0; entries < 5; entries += 1) {
    expect(directory.hasRoom(ENTRY.name.byteLength)).toBe(true);
    directory.add(centralRecord(ENTRY, content, FAR));
  }
  expect(directory.hasRoom(0)).toBe(false);
});
