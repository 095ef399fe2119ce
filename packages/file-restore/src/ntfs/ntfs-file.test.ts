import { expect, it } from 'vitest';
import { Fields } from '../bytes/fields.ts';
import { ATTRIBUTE, type Attribute } from './attribute.ts';
import type { Clusters } from './attribute-stream.ts';
import { NtfsFile } from './ntfs-file.ts';

const BASE = { record: 40, sequence: 3 };
const COMMON = { name: '', compression: 0, isEncrypted: false, isMapped: false } as const;
const volume: Clusters = {
  source: { sizeBytes: 0, read: () => expect.fail('nothing is read of the volume') },
  clusterBytes: 4096,
  clusters: 0,
};

/** A list of names: the record that holds each, and its number there. */
function listOf(places: readonly (readonly [holder: number, instance: number])[]): Attribute {
  const list = Buffer.alloc(places.length * 32);
  for (const [index, [holder, instance]] of places.entries()) {
    const entry = list.subarray(index * 32);
    entry.writeUInt32LE(ATTRIBUTE.fileName, 0);
    entry.writeUInt16LE(32, 4);
    entry.writeUInt8(26, 7);
    entry.writeBigUInt64LE((1n << 48n) | BigInt(holder), 16);
    entry.writeUInt16LE(instance, 24);
  }
  return { ...COMMON, type: ATTRIBUTE.list, instance: 0, value: new Fields(list) };
}

/** A file with such a list, whose other records have 50 names each, and how many records were read. */
async function fileOf(places: readonly (readonly [number, number])[]) {
  const reads = { count: 0 };
  const names = Array.from({ length: 50 }, (_, instance) => ({
    ...COMMON,
    type: ATTRIBUTE.fileName,
    instance,
    value: new Fields(new Uint8Array(0)),
  }));
  const record = { ...BASE, base: undefined, isFolder: false, attributes: [listOf(places)] };
  const file = await NtfsFile.open(volume, record, (place) => {
    reads.count += 1;
    return Promise.resolve({ ...place, base: BASE, isFolder: false, attributes: names });
  });
  return { file, reads };
}

it('A record that a list names again and again is read once', async () => {
  const { file, reads } = await fileOf(
    Array.from({ length: 100 }, (_, index) => [50 + (index % 2), index >> 1]),
  );
  const found = await file.all(ATTRIBUTE.fileName);
  expect(found.map(({ instance }) => instance)).toEqual(
    Array.from({ length: 100 }, (_, index) => index >> 1),
  );
  expect(reads.count).toBe(2);
});

it('A list of more records than are kept gives all that they hold', async () => {
  const { file, reads } = await fileOf(
    Array.from({ length: 2000 }, (_, index) => [50 + (index % 200), Math.floor(index / 200)]),
  );
  expect(await file.all(ATTRIBUTE.fileName)).toHaveLength(2000);
  expect(reads.count).toBeLessThanOrEqual(2000);
});
