import { crc32cWithout } from '@sendense/plugin-kit/checksums';
import { collect } from '@sendense/testkit';
import { expect, it } from 'vitest';
import type { ByteSource } from '../bytes/byte-source.ts';
import { Fields } from '../bytes/fields.ts';
import { xfsRuns } from './extent-map.ts';
import type { XfsInode } from './inode.ts';
import type { XfsSuperblock } from './superblock.ts';
import { readRemoteLink } from './symbolic-link.ts';

const BLOCK = 1024;
/** Where a link and a node of a map have their checksums. */
const SUM_AT = { link: 12, node: 64 };
const NODE = 131;
const SUPERBLOCK = {
  version: 5,
  blockBytes: BLOCK,
  blocks: 64,
  groupBlocks: 64,
  groupBlockBits: 6,
  groups: 1,
  structureUuid: new Uint8Array(16),
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

/** Gives a block the checksum of what it holds. */
function seal(block: Buffer, at: number): void {
  block.writeUInt32LE(crc32cWithout(block, at, 4), at);
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
  seal(block, SUM_AT.link);
  expect(String(Buffer.from(await read()))).toBe('target');
  block.writeBigUInt64BE(BigInt(NODE + 1), 32);
  seal(block, SUM_AT.link);
  await expect(read()).rejects.toMatchObject({ code: 'CORRUPT' });
});

it('A long link of XFS that lies elsewhere, is of another file system or in more blocks than any, is damage', async () => {
  const volume = Buffer.alloc(8 * BLOCK);
  const block = volume.subarray(0, BLOCK);
  block.write('XSLM', 0);
  block.writeBigUInt64BE(BigInt(NODE), 32);
  const read = (blocks = 1) => {
    seal(block, SUM_AT.link);
    const runs = async function* () {
      yield { fileBlock: 0, blocks, volumeBlock: 0 };
    };
    return readRemoteLink(sourceOf(volume), SUPERBLOCK, { node: NODE, sizeBytes: 6 }, runs());
  };
  expect(await read()).toHaveLength(6);
  await expect(read(4)).rejects.toThrow('more blocks than any');
  block.writeUInt8(1, 16);
  await expect(read()).rejects.toThrow('belongs to another file system');
  block.writeUInt8(0, 16);
  block.writeBigUInt64BE(2n, 40);
  await expect(read()).rejects.toThrow('lies in the wrong place');
});

it('A node of a map of XFS that belongs to another inode is damage', async () => {
  const volume = Buffer.alloc(64 * BLOCK);
  const node = volume.subarray(3 * BLOCK, 4 * BLOCK);
  node.write('BMA3', 0);
  node.writeUInt16BE(1, 6);
  node.writeBigUInt64BE(BigInt((3 * BLOCK) / 512), 24);
  // one extent: block 0 of the file is block 9, 2 blocks
  node.writeBigUInt64BE((9n << 21n) | 2n, 72 + 8);
  const fork = Buffer.alloc(100);
  fork.writeUInt16BE(1, 0);
  fork.writeUInt16BE(1, 2);
  fork.writeBigUInt64BE(3n, 4 + 6 * 8);
  const inode = { format: 'btree', fork: new Fields(fork), stat: { node: NODE } } as unknown as XfsInode;
  const read = () => collect(xfsRuns(sourceOf(volume), SUPERBLOCK, inode, { first: 0, end: 2 }));
  node.writeBigUInt64BE(BigInt(NODE), 56);
  seal(node, SUM_AT.node);
  expect(await read()).toEqual([{ fileBlock: 0, blocks: 2, volumeBlock: 9 }]);
  node.writeBigUInt64BE(BigInt(NODE + 1), 56);
  seal(node, SUM_AT.node);
  await expect(read()).rejects.toMatchObject({ code: 'CORRUPT' });
});
