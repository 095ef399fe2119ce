import { collect } from '@sendense/testkit';
import { expect, it } from 'vitest';
import type { BlockRun } from '../bytes/block-run.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { type ExfatVolume, volumeOf } from './allocation.ts';
import { type Folder, folderItems, folderRuns } from './folder-sets.ts';

const CLUSTER = 2 ** 24;
const CLUSTERS = 1000;
const FAT_AT = 4096;

/** A volume of 16 GB in which each cluster is followed by the next one. */
function volume(): ExfatVolume {
  const source: ByteSource = {
    sizeBytes: CLUSTER * (CLUSTERS + 1),
    read: (offset, into) => {
      const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
      for (let at = 0; at < into.byteLength; at += 4)
        view.setUint32(at, (offset + at - FAT_AT) / 4 + 1, true);
      return Promise.resolve();
    },
  };
  return volumeOf(source, {
    kind: 'exfat',
    serial: '',
    clusterBytes: CLUSTER,
    clusters: CLUSTERS,
    fatAt: FAT_AT,
    fatBytes: (CLUSTERS + 2) * 4,
    heapAt: CLUSTER,
    rootCluster: 2,
  });
}

/** The clusters that were given before the folder was refused. */
async function givenOf(folder: Folder): Promise<number> {
  const given: BlockRun[] = [];
  const take = async (): Promise<void> => {
    for await (const run of folderRuns(volume(), folder)) given.push(run);
  };
  await expect(take()).rejects.toMatchObject({ code: 'CORRUPT' });
  return given.reduce((sum, { blocks }) => sum + blocks, 0);
}

it.each([
  ['clusters that lie together', { first: 10, isContiguous: true, sizeBytes: 300 * 2 ** 20 }],
  ['a chain', { first: 10, isContiguous: false, sizeBytes: 300 * 2 ** 20 }],
  ['a chain, as the root', { first: 10, isContiguous: false, sizeBytes: undefined }],
])('A folder of %s is followed for 256 MiB and no further', async (_, folder) => {
  expect(await givenOf(folder)).toBe(16);
});

it('A folder of 256 MiB is followed to its end', async () => {
  const folder = { first: 10, isContiguous: true, sizeBytes: 256 * 2 ** 20 };
  expect(await collect(folderRuns(volume(), folder))).toEqual([{ fileBlock: 0, blocks: 16, volumeBlock: 8 }]);
});

const SMALL = 512;
const FILE = 0x85;

/** The items of a folder of two clusters, which lie apart, the first of which begins with the mark of the end. */
async function itemsOf(second: Buffer): Promise<unknown[]> {
  const bytes = Buffer.alloc(100 * SMALL);
  const [first, next, heapAt] = [4, 9, 2 * SMALL];
  bytes.writeUInt32LE(next, SMALL + first * 4);
  bytes.writeUInt32LE(0xffff_ffff, SMALL + next * 4);
  bytes.set(second, heapAt + (next - 2) * SMALL);
  const source: ByteSource = {
    sizeBytes: bytes.byteLength,
    read: (offset, into) => {
      into.set(bytes.subarray(offset, offset + into.byteLength));
      return Promise.resolve();
    },
  };
  const layout = { kind: 'exfat', serial: '', clusterBytes: SMALL, clusters: 90, fatAt: SMALL } as const;
  const small = volumeOf(source, { ...layout, fatBytes: SMALL, heapAt, rootCluster: first });
  return collect(folderItems(small, { first, isContiguous: false, sizeBytes: undefined }, 0));
}

it('What is in use behind the end of a folder is told, once, wherever it lies', async () => {
  const entries = Buffer.alloc(SMALL);
  expect(await itemsOf(entries)).toEqual([]);
  entries.writeUInt8(FILE, 96);
  expect(await itemsOf(entries)).toEqual([{ kind: 'damaged' }]);
  entries.writeUInt8(FILE, 160);
  expect(await itemsOf(entries)).toEqual([{ kind: 'damaged' }]);
});
