import type { Call } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import { readBytes } from '../bytes/byte-source.ts';
import { Fields } from '../bytes/fields.ts';
import type { MapContext } from './map-context.ts';

const DIRECT = 12;
/** Levels of indirection of the three pointers that follow the direct ones. */
const LEVELS = [1, 2, 3] as const;

/** Wanted blocks of a file. */
type Window = { readonly first: number; readonly end: number };

/** The runs of a file of ext2 or ext3, whose inode has direct and indirect block pointers. A pointer of 0 is a hole. */
export async function* blockMapRuns(
  context: MapContext,
  pointers: Fields,
  first: number,
  end: number,
  call?: Call,
): AsyncGenerator<BlockRun, void, undefined> {
  const window = { first, end };
  for (let index = 0; index < DIRECT; index += 1)
    yield* pointed(context, pointers.u32(index * 4), index, 0, window, call);
  let fileBlock = DIRECT;
  const perBlock = context.blockBytes / 4;
  for (const level of LEVELS) {
    yield* pointed(context, pointers.u32((DIRECT + level - 1) * 4), fileBlock, level, window, call);
    fileBlock += perBlock ** level;
  }
}

/** What a pointer stands for: a block of data at level 0, else a block of pointers of one level less. */
async function* pointed(
  context: MapContext,
  block: number,
  fileBlock: number,
  level: number,
  window: Window,
  call: Call | undefined,
): AsyncGenerator<BlockRun, void, undefined> {
  const perBlock = context.blockBytes / 4;
  const covers = perBlock ** level;
  if (block === 0 || fileBlock >= window.end || fileBlock + covers <= window.first) return;
  context.check(block, 1);
  if (level === 0) {
    yield { fileBlock, blocks: 1, volumeBlock: block };
    return;
  }
  const bytes = await readBytes(context.source, block * context.blockBytes, context.blockBytes, call);
  const fields = new Fields(bytes);
  const step = perBlock ** (level - 1);
  const from = Math.max(0, Math.floor((window.first - fileBlock) / step));
  for (let index = from; index < perBlock && fileBlock + index * step < window.end; index += 1) {
    if (level > 1) {
      yield* pointed(context, fields.u32(index * 4), fileBlock + index * step, level - 1, window, call);
      continue;
    }
    const volumeBlock = fields.u32(index * 4);
    if (volumeBlock === 0) continue;
    context.check(volumeBlock, 1);
    yield { fileBlock: fileBlock + index, blocks: 1, volumeBlock };
  }
}
