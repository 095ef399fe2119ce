import type { Call } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import type { NodeId } from '../file-system-reader.ts';
import { xfsFault } from './checksums.ts';
import type { XfsInode } from './inode.ts';
import { volumeBlock, type XfsSuperblock } from './superblock.ts';

// Layout: "XFS Algorithms & Data Structures", Data Extents.
const RECORD_BYTES = 16;
const KEY_BYTES = 8;
const MAGIC = { 4: 0x424d4150, 5: 0x424d4133 } as const;
const HEADER_BYTES = { 4: 24, 5: 72 } as const;
/** Where version 5 says to which inode a node belongs. */
const OWNER_AT = 56;
const MOST_LEVELS = 16;
/** Blocks of a file are counted by 54 bits. */
const FILE_END = 2 ** 54;

/** What the map of one file is read with. */
type ExtentMap = {
  readonly source: ByteSource;
  readonly superblock: XfsSuperblock;
  readonly owner: NodeId;
  /** Blocks that it may still name. */
  left: number;
};

/** A part of a tree: records or keys of `[from, to)` only, in blocks of the file. */
type Node = {
  readonly fields: Fields;
  readonly level: number;
  readonly headerBytes: number;
  readonly records: number;
  readonly from: number;
  readonly to: number;
};

/**
 * The written runs of a file from block `first` to `end`; those that were allocated only are left out. Every node lies inside of what
 * its parent says and holds a record, so a tree that names its own nodes again ends, with `CORRUPT`. A file that shares no blocks names
 * at most as many as there are.
 */
export function xfsRuns(
  source: ByteSource,
  superblock: XfsSuperblock,
  { format, fork, extents, isReflinked, stat }: XfsInode,
  window: { readonly first: number; readonly end: number },
  call?: Call,
): AsyncGenerator<BlockRun, void, undefined> {
  const map: ExtentMap = {
    source,
    superblock,
    owner: stat.node,
    left: isReflinked ? Number.POSITIVE_INFINITY : superblock.blocks,
  };
  const whole = { from: 0, to: FILE_END };
  if (format === 'extents')
    return walk(map, { fields: fork, level: 0, headerBytes: 0, records: extents, ...whole }, window, call);
  if (format !== 'btree') throw damaged(`inode ${stat.node} has no extents`, { inode: stat.node });
  const level = fork.u16be(0);
  if (level < 1 || level > MOST_LEVELS) throw damaged('a tree of extents is of no possible depth', { level });
  return walk(map, { fields: fork, level, headerBytes: 4, records: fork.u16be(2), ...whole }, window, call);
}

async function* walk(
  map: ExtentMap,
  node: Node,
  window: { readonly first: number; readonly end: number },
  call: Call | undefined,
): AsyncGenerator<BlockRun, void, undefined> {
  const { fields, level, headerBytes, records, from, to } = node;
  const width = level === 0 ? RECORD_BYTES : KEY_BYTES;
  const most = Math.floor((fields.bytes.byteLength - headerBytes) / RECORD_BYTES);
  if (records > most || (records === 0 && headerBytes > 0))
    throw damaged('a node of a tree of extents is damaged');
  const startOf = (index: number): number =>
    level === 0
      ? recordStart(fields, headerBytes + index * width)
      : fields.u64be(headerBytes + index * width);
  let least = from;
  for (let index = 0; index < records; index += 1) {
    const start = startOf(index);
    const next = index + 1 < records ? startOf(index + 1) : to;
    if (start < least || start >= next || next > to) throw damaged('the extents of a file are out of order');
    least = start + 1;
    if (next <= window.first) continue;
    if (start >= window.end) return;
    if (level === 0) {
      const run = runOf(map, fields, headerBytes + index * width, next);
      if (run !== undefined) yield run;
    } else {
      const block = fields.u64be(headerBytes + most * KEY_BYTES + index * KEY_BYTES);
      yield* walk(map, await child(map, block, level - 1, start, next, call), window, call);
    }
  }
}

async function child(
  { source, superblock, owner }: ExtentMap,
  block: number,
  level: number,
  from: number,
  to: number,
  call: Call | undefined,
): Promise<Node> {
  const { blockBytes, version } = superblock;
  const at = volumeBlock(superblock, block, 1) * blockBytes;
  const fields = new Fields(await readBytes(source, at, blockBytes, call));
  if (fields.u32be(0) !== MAGIC[version] || fields.u16be(4) !== level)
    throw damaged('a node of a tree of extents is not what its parent says', { block });
  if (version === 5 && fields.u64be(OWNER_AT) !== owner)
    throw damaged('a node of a tree of extents is that of another file', { block, inode: owner });
  const fault = xfsFault('map', fields, superblock, at);
  if (fault !== undefined) throw damaged(`a node of a tree of extents ${fault}`, { block });
  return { fields, level, headerBytes: HEADER_BYTES[version], records: fields.u16be(6), from, to };
}

/** 1 bit: not written; 54 bits: block of the file; 52 bits: block of the volume; 21 bits: how many. */
function recordStart(fields: Fields, at: number): number {
  return Number((fields.bits64be(at) >> 9n) & (2n ** 54n - 1n));
}

function runOf(map: ExtentMap, fields: Fields, at: number, next: number): BlockRun | undefined {
  const [high, low] = [fields.bits64be(at), fields.bits64be(at + 8)];
  const fileBlock = recordStart(fields, at);
  const blocks = Number(low & 0x1f_ffffn);
  const block = Number(((high & 0x1ffn) << 43n) | (low >> 21n));
  if (blocks === 0 || fileBlock + blocks > next) throw damaged('extents of a file overlap or are empty');
  if (high >> 63n === 1n) return undefined;
  map.left -= blocks;
  if (map.left < 0) throw damaged('a file has more blocks than its file system');
  return { fileBlock, blocks, volumeBlock: volumeBlock(map.superblock, block, blocks) };
}
