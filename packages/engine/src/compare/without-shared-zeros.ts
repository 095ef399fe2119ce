import type { BlockReader, Call, Extent } from '@sendense/core';

/**
 * Leaves out of `extents` what is proven zero there and in `other` too, so that a sparse disk costs only what is written
 * of it. Zeros that `other` does not prove come out as extents of kind `as`; those beyond its end always do (invariant 6).
 */
export async function* withoutSharedZeros(
  extents: AsyncIterable<Extent>,
  other: BlockReader,
  as: Extent['kind'],
  call: Call,
): AsyncGenerator<Extent> {
  for await (const extent of extents) {
    if (extent.kind === 'data') {
      yield extent;
      continue;
    }
    const end = extent.offset + extent.length;
    const inside = Math.min(end, other.sizeBytes);
    if (extent.offset < inside) {
      const range = { offset: extent.offset, length: inside - extent.offset };
      for await (const { offset, length, kind } of other.extents(range, call))
        if (kind === 'data') yield { offset, length, kind: as };
    }
    const beyond = Math.max(extent.offset, other.sizeBytes);
    if (beyond < end) yield { offset: beyond, length: end - beyond, kind: as };
  }
}
