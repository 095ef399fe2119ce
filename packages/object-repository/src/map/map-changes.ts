import type { ByteRange, Call, Extent } from '@sendense/core';
import type { DiskMap } from './disk-map.ts';
import { mapExtents } from './map-extents.ts';
import { FAN_OUT } from './map-node.ts';

/**
 * Where a disk differs from an earlier one that is not larger, as extents; equal nodes are not looked into. All that lies
 * beyond the earlier size is told (invariant 6).
 */
export async function* mapChanges(
  now: { readonly map: DiskMap; readonly sizeBytes: number },
  earlier: { readonly map: DiskMap; readonly sizeBytes: number },
  chunkBytes: number,
  call?: Call,
): AsyncGenerator<Extent> {
  const known = Math.floor(earlier.sizeBytes / chunkBytes) * chunkBytes;
  const common = earlier.sizeBytes === now.sizeBytes ? now.sizeBytes : known;
  for await (const range of differing(
    now.map,
    earlier.map,
    Math.ceil(common / chunkBytes),
    chunkBytes,
    call,
  )) {
    const length = Math.min(range.offset + range.length, common) - range.offset;
    yield* mapExtents(now.map, chunkBytes, { offset: range.offset, length }, call);
  }
  if (common < now.sizeBytes)
    yield* mapExtents(now.map, chunkBytes, { offset: common, length: now.sizeBytes - common }, call);
}

/** Runs of chunks below `end` whose ids differ. */
async function* differing(
  left: DiskMap,
  right: DiskMap,
  end: number,
  chunkBytes: number,
  call?: Call,
): AsyncGenerator<ByteRange> {
  let run: { offset: number; length: number } | undefined;
  for (let chunk = 0; chunk < end; ) {
    const equal = await equalFrom(left, right, chunk, call);
    if (equal > 0) {
      if (run !== undefined) yield run;
      run = undefined;
      chunk += equal;
      continue;
    }
    run ??= { offset: chunk * chunkBytes, length: 0 };
    run.length += chunkBytes;
    chunk += 1;
  }
  if (run !== undefined) yield run;
}

/** How many chunks from `chunk` on are surely equal; 0 when that one differs. */
async function equalFrom(left: DiskMap, right: DiskMap, chunk: number, call?: Call): Promise<number> {
  for (let level = Math.min(left.depth, right.depth) - 1; level >= 0; level -= 1) {
    const covered = FAN_OUT ** (level + 1);
    const index = Math.floor(chunk / covered);
    if (isEqual(await left.nodeId(level, index, call), await right.nodeId(level, index, call)))
      return (index + 1) * covered - chunk;
  }
  return isEqual(await left.idAt(chunk, call), await right.idAt(chunk, call)) ? 1 : 0;
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
