import type { ByteRange, Call, Extent } from '@sendense/core';
import type { DiskMap } from './disk-map.ts';
import { FAN_OUT, isZeroId } from './map-node.ts';

/** What a map tells of a range: zeros where it has none, data elsewhere; neighbours of one kind are one. */
export async function* mapExtents(
  map: DiskMap,
  chunkBytes: number,
  range: ByteRange,
  call?: Call,
): AsyncGenerator<Extent> {
  const end = range.offset + range.length;
  let run: Extent | undefined;
  for (let at = range.offset; at < end; ) {
    const { kind, chunks } = await stretchAt(map, Math.floor(at / chunkBytes), call);
    const next = Math.min(end, (Math.floor(at / chunkBytes) + chunks) * chunkBytes);
    if (run?.kind === kind) run = { ...run, length: run.length + next - at };
    else {
      if (run !== undefined) yield run;
      run = { offset: at, length: next - at, kind };
    }
    at = next;
  }
  if (run !== undefined) yield run;
}

/** The kind of a chunk, and how many chunks from it on are surely of that kind: to the end of a node of zeros. */
async function stretchAt(
  map: DiskMap,
  chunk: number,
  call?: Call,
): Promise<{ readonly kind: Extent['kind']; readonly chunks: number }> {
  for (let level = map.depth - 1; level >= 0; level -= 1) {
    const covered = FAN_OUT ** (level + 1);
    const index = Math.floor(chunk / covered);
    if (isZeroId(await map.nodeId(level, index, call)))
      return { kind: 'zero', chunks: (index + 1) * covered - chunk };
  }
  return { kind: isZeroId(await map.idAt(chunk, call)) ? 'zero' : 'data', chunks: 1 };
}
