import { collect } from '@sendense/testkit';
import { expect, it } from 'vitest';
import type { ByteSource } from '../bytes/byte-source.ts';
import { Fields } from '../bytes/fields.ts';
import { xfsRuns } from './extent-map.ts';
import type { XfsInode } from './inode.ts';
import type { XfsSuperblock } from './superblock.ts';
import { readRemoteLink } from './symbolic-link.ts';

const BLOCK = 1024;
const NODE = 131;
const SUPERBLOCK = {
  version: 5,
  blockBytes: BLOCK,
  blocks: 64,
  groupBlocks: 64,
  groupBlockBits: 6,
  groups: 1,
} as unknown as XfsSuperblock;

function sourceOf(bytes: Buffer): ByteSource {
  return {
    sizeBytes: bytes.byteLength,
    read: (offset: number, into: Uint8Array) => {
      into.set(bytes.subarray(offset, offset + into.byteLength));
      return Promise.resolve();
    },
  };
}

it('A long link of XFS whose block belongs to another inode is damage', async () => {
  const block = Buffer.alloc(BLOCK);
  block.write('XSLM', 0);
  block.write('target', 56);
  const runs = async function* () {
    yield { fileBlock: 0, blocks: 1, volumeBlock: 0 };
  };
  const read = () => readRemoteLink(sourceOf(block), SUPERBLOCK, { node: NODE, sizeBytes: 6 }, runs());
  block.writeBigUInt64BE(BigInt(NODE), 32);
  expect(String(Buffer.from(await read()))).toBe('target');
  block.writeBigUInt64BE(BigInt(NODE + 1), 32);
  await expect(read()).rejects.toMatchObject({ code: 'CORRUPT' });
});

it('A node of a map of XFS that belongs to another inode is damage', async () => {
  const volume = Buffer.alloc(64 * BLOCK);
  const node = volume.subarray(3 * BLOCK);
  node.write('BMA3', 0);
  node.writeUInt16BE(1, 6);
  // one extent: block 0 of the file is block 9, 2 blocks
  node.writeBigUInt64BE((9n << 21n) | 2n, 72 + 8);
  const fork = Buffer.alloc(100);
  fork.writeUInt16BE(1, 0);
  fork.writeUInt16BE(1, 2);
  fork.writeBigUInt64BE(3n, 4 + 6 * 8);
  const inode = { format: 'btree', fork: new Fields(fork), stat: { node: NODE } } as unknown as XfsInode;
  const read = () => collect(xfsRuns(sourceOf(volume), SUPERBLOCK, inode, { first: 0, end: 2 }));
  node.writeBigUInt64BE(BigInt(NODE), 56);
  expect(await read()).toEqual([{ fileBlock: 0, blocks: 2, volumeBlock: 9 }]);
  node.writeBigUInt64BE(BigInt(NODE + 1), 56);
  await expect(read()).rejects.toMatchObject({ code: 'CORRUPT' });
});
