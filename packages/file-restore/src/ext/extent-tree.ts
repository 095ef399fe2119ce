import type { Call } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import { readBytes } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import type { MapContext } from './map-context.ts';
import { isExtentNodeSound } from './metadata-checksums.ts';

// Layout: "ext4 Data Structures and Algorithms", Extent Tree.
const MAGIC = 0xf30a;
const MOST_DEPTH = 5;
const HEADER_BYTES = 12;
const ENTRY_BYTES = 12;
/** Longer lengths mark what was allocated and never written: it reads as zeros. */
const MOST_WRITTEN = 32_768;
const FILE_END = 2 ** 32;

/** A part of the tree: entries of `[from, to)` only, in blocks of the file. */
type Node = { readonly fields: Fields; readonly depth: number; readonly from: number; readonly to: number };

/**
 * The written runs of a file with an extent tree, from block `first` to `end`. Every node below the root lies inside of what its
 * parent says and holds an entry, so a tree that names its own nodes again ends here, with `CORRUPT`.
 */
export function extentRuns(
  context: MapContext,
  root: Fields,
  first: number,
  end: number,
  call?: Call,
): AsyncGenerator<BlockRun, void, undefined> {
  const depth = root.u16(6);
  if (depth > MOST_DEPTH) throw damaged('an extent tree is deeper than any', { depth });
  return walk(context, { fields: root, depth, from: 0, to: FILE_END }, first, end, call);
}

async function* walk(
  context: MapContext,
  node: Node,
  first: number,
  end: number,
  call: Call | undefined,
): AsyncGenerator<BlockRun, void, undefined> {
  const starts = entryStarts(node);
  for (const [index, start] of starts.entries()) {
    const next = starts[index + 1] ?? node.to;
    if (next <= first) continue;
    if (start >= end) return;
    const at = HEADER_BYTES + index * ENTRY_BYTES;
    if (node.depth === 0) {
      const run = leafRun(context, node.fields, at, start, next);
      if (run !== undefined) yield run;
      continue;
    }
    const block = node.fields.u32(at + 4) + node.fields.u16(at + 8) * 2 ** 32;
    context.check(block, 1);
    const bytes = await readBytes(context.source, block * context.blockBytes, context.blockBytes, call);
    yield* walk(
      context,
      {
        fields: childFields(bytes, node.depth - 1, context.checksumSeed),
        depth: node.depth - 1,
        from: start,
        to: next,
      },
      first,
      end,
      call,
    );
  }
}

function childFields(bytes: Uint8Array, depth: number, checksumSeed: number | undefined): Fields {
  const fields = new Fields(bytes);
  if (checksumSeed !== undefined && !isExtentNodeSound(checksumSeed, fields))
    throw damaged('a node of an extent tree does not have its checksum');
  if (fields.u16(6) !== depth || fields.u16(2) === 0)
    throw damaged('a node of an extent tree is not what its parent says');
  return fields;
}

/** First blocks of the entries, checked to ascend inside of the node. */
function entryStarts({ fields, from, to }: Node): number[] {
  const entries = fields.u16(2);
  if (fields.u16(0) !== MAGIC || HEADER_BYTES + entries * ENTRY_BYTES > fields.bytes.byteLength)
    throw damaged('a node of an extent tree is damaged');
  const starts: number[] = [];
  let least = from;
  for (let index = 0; index < entries; index += 1) {
    const start = fields.u32(HEADER_BYTES + index * ENTRY_BYTES);
    if (start < least || start >= to) throw damaged('the entries of an extent tree are out of order');
    starts.push(start);
    least = start + 1;
  }
  return starts;
}

function leafRun(
  context: MapContext,
  fields: Fields,
  at: number,
  start: number,
  next: number,
): BlockRun | undefined {
  const length = fields.u16(at + 4);
  const isWritten = length <= MOST_WRITTEN;
  const blocks = isWritten ? length : length - MOST_WRITTEN;
  if (blocks === 0 || start + blocks > next) throw damaged('extents of a file overlap or are empty');
  if (!isWritten) return undefined;
  const volumeBlock = fields.u32(at + 8) + fields.u16(at + 6) * 2 ** 32;
  context.check(volumeBlock, blocks);
  return { fileBlock: start, blocks, volumeBlock };
}
