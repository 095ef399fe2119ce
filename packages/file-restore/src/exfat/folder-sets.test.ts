import { collect } from '@sendense/testkit';
import { expect, it } from 'vitest';
import type { BlockRun } from '../bytes/block-run.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { type ExfatVolume, volumeOf } from './allocation.ts';
import { type Folder, folderRuns } from './folder-sets.ts';

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
