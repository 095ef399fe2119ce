import type { Extent } from '@sendense/core';

/** Extents asked for in one call: 24 bytes each. */
export const EXTENTS_A_CALL = 4096;

/** Extents as the addon packs them. */
export function* unpackExtents(packed: Float64Array): Generator<Extent> {
  for (let slot = 0; slot < packed.length; slot += 3) {
    const [offset = 0, length = 0, hole] = packed.subarray(slot, slot + 3);
    yield { offset, length, kind: hole === 1 ? 'zero' : 'data' };
  }
}

/** Joins extents of one kind that follow each other. */
export async function* joinExtents(extents: AsyncIterable<Extent>): AsyncGenerator<Extent> {
  let last: Extent | undefined;
  for await (const extent of extents) {
    if (last?.kind === extent.kind) {
      last = { ...last, length: last.length + extent.length };
      continue;
    }
    if (last !== undefined) yield last;
    last = extent;
  }
  if (last !== undefined) yield last;
}
