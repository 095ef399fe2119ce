import { afterEach, expect, it, vi } from 'vitest';
import { Fields } from '../bytes/fields.ts';
import { ATTRIBUTE, type Attribute } from './attribute.ts';
import type { Clusters } from './attribute-stream.ts';
import { NAMES, openFolder } from './folder-index.ts';
import { NtfsFile } from './ntfs-file.ts';
import { UsedBlocks } from './used-blocks.ts';

/** A folder of 64 GiB has 134 million blocks of 512 bytes. */
const MOST_LOOKS = 100;
const CLUSTER = 4096;
const INDEX_BYTES = 2 ** 36;
const volume: Clusters = {
  source: { sizeBytes: INDEX_BYTES, read: () => expect.fail('holes are not read') },
  clusterBytes: CLUSTER,
  clusters: INDEX_BYTES / CLUSTER,
};
const COMMON = { name: NAMES, instance: 0, compression: 0, isEncrypted: false } as const;

afterEach(() => vi.restoreAllMocks());

function resident(type: number, value: Uint8Array): Attribute {
  return { ...COMMON, type, isMapped: false, value: new Fields(value) };
}

/** An attribute of so many bytes, all of them a hole. */
function hole(type: number, sizeBytes: number): Attribute {
  const runs = Buffer.alloc(8);
  runs.writeUInt8(4, 0);
  runs.writeUInt32LE(sizeBytes / CLUSTER, 1);
  return {
    ...COMMON,
    type,
    isMapped: true,
    firstCluster: 0,
    endCluster: sizeBytes / CLUSTER,
    runs: new Fields(runs),
    unitBits: 0,
    reservedBytes: sizeBytes,
    allocatedBytes: 0,
    sizeBytes,
    initialisedBytes: sizeBytes,
  };
}

/** A folder without names, of whose index 64 GiB are a hole; its blocks have 512 bytes. */
function folderWith(bitmap: Attribute): Promise<NtfsFile> {
  const root = Buffer.alloc(48);
  for (const [at, value] of [
    [0, ATTRIBUTE.fileName],
    [8, 512],
    [16, 16],
    [20, 32],
  ] as const)
    root.writeUInt32LE(value, at);
  root.writeUInt16LE(16, 40);
  root.writeUInt16LE(2, 44);
  const attributes = [
    resident(ATTRIBUTE.indexRoot, root),
    hole(ATTRIBUTE.indexAllocation, INDEX_BYTES),
    bitmap,
  ];
  const record = { record: 40, sequence: 1, base: undefined, isFolder: true, attributes };
  return NtfsFile.open(volume, record, () => expect.fail('there are no other records'));
}

it('A folder ends where the bits of its blocks end, however many blocks it has', async () => {
  const file = await folderWith(resident(ATTRIBUTE.bitmap, new Uint8Array(8)));
  const cursor = await openFolder(volume, file, undefined);
  expect(await cursor.next()).toBeUndefined();
  expect([cursor.isAtEnd, cursor.damagedBlocks]).toEqual([true, 0]);
  await expect(openFolder(volume, file, `${65 * 512 + 1}`)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

it('A folder of 64 GiB of which no block is in use ends after little work', async () => {
  const file = await folderWith(hole(ATTRIBUTE.bitmap, INDEX_BYTES / 512 / 8));
  const looks = vi.spyOn(UsedBlocks.prototype, 'has').mockImplementation(() => {
    if (looks.mock.calls.length > MOST_LOOKS) throw new Error('each of the blocks is looked at');
    return false;
  });
  const cursor = await openFolder(volume, file, undefined);
  expect(await cursor.next()).toBeUndefined();
  expect(cursor.isAtEnd).toBe(true);
});
