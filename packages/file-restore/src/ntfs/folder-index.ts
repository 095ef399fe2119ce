import type { ByteRange, Call } from '@sendense/core';
import { damaged, notSupported } from '../bytes/damage.ts';
import { DirectoryCursor, type ParsedBlock } from '../folders/directory-cursor.ts';
import { ATTRIBUTE } from './attribute.ts';
import {
  type AttributeStream,
  type Clusters,
  clusterBytesOf,
  isMapped,
  readValue,
  writtenBytes,
} from './attribute-stream.ts';
import { type FolderCheck, parseIndexBlock, parseIndexRoot } from './index-entries.ts';
import type { NtfsFile } from './ntfs-file.ts';
import { UsedBlocks } from './used-blocks.ts';

/** The index of the names of a folder. */
export const NAMES = '$I30';

const BLOCK = { least: 512, most: 65_536 };
const ROOT_HEADER_BYTES = 32;
/** Places of blocks count sectors of so many bytes where clusters are larger than blocks. */
const SECTOR_BYTES = 512;
/** What a folder has at most: some hundred million names. */
const MOST_INDEX_BYTES = 64 * 2 ** 30;

/** The blocks of a tree. */
type Blocks = {
  readonly used: UsedBlocks;
  readonly load: (range: ByteRange) => Promise<Uint8Array>;
};

/**
 * Goes through the names of a folder: first those in its record, then block by block those that the tree has in use. Going by the
 * blocks instead of down the tree reads what lies together at once, and comes to no block twice, whatever the tree says.
 */
export async function openFolder(
  volume: Clusters,
  file: NtfsFile,
  from: string | undefined,
  call?: Call,
): Promise<DirectoryCursor> {
  const { bytes: root, blockBytes } = await readRoot(file, call);
  const { used, load } = await openBlocks(volume, file, blockBytes, call);
  const placeBytes = volume.clusterBytes <= blockBytes ? volume.clusterBytes : SECTOR_BYTES;
  const check: FolderCheck = {
    owner: file.record,
    isUsed: (place) => used.has((place * placeBytes) / blockBytes),
  };
  const blocks = {
    nextData: (offset: number, most: number): Promise<ByteRange | undefined> =>
      Promise.resolve(nextUsed(used, offset, most, blockBytes)),
    load: ({ offset, length }: ByteRange): Promise<Uint8Array> =>
      offset === 0 ? Promise.resolve(root) : load({ offset: offset - blockBytes, length }),
    // the root is the only one that was read alone
    parse: (block: Uint8Array): ParsedBlock =>
      block.buffer === root.buffer ? parseIndexRoot(block, check) : parseIndexBlock(block, check),
  };
  return new DirectoryCursor({
    ...blocks,
    hasHoles: true,
    sizeBytes: (used.end + 1) * blockBytes,
    blockBytes,
    from,
  });
}

/** The root of the tree, as long as one of its blocks. */
async function readRoot(
  file: NtfsFile,
  call: Call | undefined,
): Promise<{ readonly bytes: Uint8Array; readonly blockBytes: number }> {
  const { record } = file.record;
  const root = await file.find(ATTRIBUTE.indexRoot, NAMES, call);
  if (root === undefined || isMapped(root)) throw damaged(`the folder of MFT record ${record} has no index`);
  const { value } = root.head;
  const length = value.bytes.byteLength;
  const blockBytes = length < ROOT_HEADER_BYTES ? 0 : value.u32(8);
  const isSound =
    Number.isInteger(Math.log2(blockBytes)) &&
    blockBytes >= BLOCK.least &&
    blockBytes <= BLOCK.most &&
    value.u32(0) === ATTRIBUTE.fileName;
  if (!isSound) throw damaged(`the index of the folder of MFT record ${record} contradicts itself`);
  if (length > blockBytes) throw notSupported('the root of the index of a folder is larger than its blocks');
  const bytes = new Uint8Array(blockBytes);
  bytes.set(value.bytes);
  return { bytes, blockBytes };
}

async function openBlocks(
  volume: Clusters,
  file: NtfsFile,
  blockBytes: number,
  call: Call | undefined,
): Promise<Blocks> {
  const nodes = await file.find(ATTRIBUTE.indexAllocation, NAMES, call);
  if (nodes === undefined)
    return { used: new UsedBlocks(new Uint8Array(0), 0), load: () => Promise.reject(noBlocks()) };
  if (!isMapped(nodes)) throw noBlocks();
  const most = Math.min(MOST_INDEX_BYTES, volume.clusters * volume.clusterBytes);
  const count = Math.floor(Math.min(writtenBytes(nodes), most) / blockBytes);
  const bits = await readBitmap(volume, await file.find(ATTRIBUTE.bitmap, NAMES, call), most, call);
  const stored = clusterBytesOf(volume, nodes, count * blockBytes);
  return { used: new UsedBlocks(bits, count), load: (range) => stored.load(range, call) };
}

/** A bit for each block. */
async function readBitmap(
  volume: Clusters,
  bitmap: AttributeStream | undefined,
  mostIndexBytes: number,
  call: Call | undefined,
): Promise<Uint8Array> {
  if (bitmap === undefined) throw noBlocks();
  return readValue(volume, bitmap, Math.ceil(mostIndexBytes / BLOCK.least / 8) + 8, call);
}

function noBlocks(): Error {
  return damaged('the index of a folder has no blocks, or does not say which it uses');
}

/** The next blocks in use at `offset` or behind it. Before the first of them comes the root. */
function nextUsed(used: UsedBlocks, offset: number, most: number, blockBytes: number): ByteRange | undefined {
  if (offset < blockBytes) return { offset: 0, length: blockBytes };
  const first = used.next(Math.floor(offset / blockBytes) - 1);
  if (first === undefined) return undefined;
  let end = first + 1;
  while (used.has(end) && (end - first) * blockBytes < most) end += 1;
  return { offset: (first + 1) * blockBytes, length: (end - first) * blockBytes };
}
