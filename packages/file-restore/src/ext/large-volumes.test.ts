import { describe, expect, it } from 'vitest';
import type { BlockRun } from '../bytes/block-run.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { Fields } from '../bytes/fields.ts';
import { extentRuns } from './extent-tree.ts';
import { InodeTable } from './inode-table.ts';
import { MapContext } from './map-context.ts';
import type { Superblock } from './superblock.ts';

const BLOCK = 4096;
const HIGH = 2 ** 32;

/** A volume of 64 TiB that is zeros but for some places. */
function volumeOf(places: ReadonlyMap<number, Uint8Array>): ByteSource {
  return {
    sizeBytes: 64 * 2 ** 40,
    read: (offset, into) => {
      for (const [at, bytes] of places)
        if (at >= offset && at + bytes.byteLength <= offset + into.byteLength) into.set(bytes, at - offset);
      return Promise.resolve();
    },
  };
}

/** A node of an extent tree with one entry: 12 bytes of header, then `write` fills 12 more. */
function node(depth: number, length: number, write: (entry: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt16LE(0xf30a, 0);
  bytes.writeUInt16LE(1, 2);
  bytes.writeUInt16LE(4, 4);
  bytes.writeUInt16LE(depth, 6);
  write(bytes.subarray(12, 24));
  return bytes;
}

describe('on a volume of more than 2^32 blocks', () => {
  it('extents and nodes of their trees lie at block numbers of 48 bits', async () => {
    const leaf = node(0, BLOCK, (entry) => {
      entry.writeUInt16LE(5, 4);
      entry.writeUInt16LE(1, 6);
      entry.writeUInt32LE(77, 8);
    });
    const root = node(1, 60, (entry) => {
      entry.writeUInt32LE(33, 4);
      entry.writeUInt16LE(2, 8);
    });
    const source = volumeOf(new Map([[(2 * HIGH + 33) * BLOCK, leaf]]));
    const context = new MapContext(source, BLOCK, 4 * HIGH);
    const runs: BlockRun[] = [];
    for await (const run of extentRuns(context, new Fields(root), 0, 100)) runs.push(run);
    expect(runs).toEqual([{ fileBlock: 0, blocks: 5, volumeBlock: HIGH + 77 }]);
  });

  it('inodes lie at block numbers of 64 bits', async () => {
    const descriptor = Buffer.alloc(64);
    descriptor.writeUInt32LE(11, 8);
    descriptor.writeUInt32LE(1, 0x28);
    const inode = Buffer.alloc(256, 0x5a);
    const source = volumeOf(
      new Map([
        [BLOCK, descriptor],
        [(HIGH + 11) * BLOCK + 256, inode],
      ]),
    );
    const superblock = { blockBytes: BLOCK, inodes: 16, inodesPerGroup: 16, inodeBytes: 256 } as const;
    const layout = {
      descriptorBytes: 64,
      firstDataBlock: 0,
      firstMetaGroup: undefined,
      blocksPerGroup: 32_768,
    };
    const table = new InodeTable(source, { ...superblock, ...layout } as Superblock);
    expect(Buffer.from((await table.read(2)).bytes)).toEqual(inode);
  });
});
