import type { ByteRange, Extent } from '../values/extent.ts';
import type { ExtentGrid } from './align-extents.ts';

type Cursor = { readonly from: number; readonly to: number };

/** Touching ranges as one, narrowed to whole blocks of the grid. */
async function* wholeBlocks(ranges: AsyncIterable<ByteRange>, grid: ExtentGrid): AsyncGenerator<Cursor> {
  const { alignmentBytes, sizeBytes } = grid;
  const narrowed = (from: number, to: number): Cursor => {
    const up = from + alignmentBytes - 1;
    return { from: up - (up % alignmentBytes), to: to >= sizeBytes ? sizeBytes : to - (to % alignmentBytes) };
  };
  let from = 0;
  let to = 0;
  for await (const range of ranges) {
    if (range.offset > to) {
      if (to > from) yield narrowed(from, to);
      from = range.offset;
    }
    to = range.offset + range.length;
  }
  if (to > from) yield narrowed(from, to);
}

/** `extents` without the whole blocks that `ranges` (ascending) cover. Both are read once, side by side. */
export async function* subtractRanges(
  extents: AsyncIterable<Extent>,
  ranges: AsyncIterable<ByteRange>,
  grid: ExtentGrid,
): AsyncGenerator<Extent, void, undefined> {
  const holes = wholeBlocks(ranges, grid);
  try {
    let hole = await holes.next();
    for await (const extent of extents) {
      const end = extent.offset + extent.length;
      let position = extent.offset;
      while (position < end) {
        while (hole.done !== true && hole.value.to <= position) hole = await holes.next();
        const next = hole.done === true ? end : Math.min(end, Math.max(position, hole.value.from));
        if (next > position) yield { offset: position, length: next - position, kind: extent.kind };
        position = hole.done === true ? end : Math.max(next, Math.min(end, hole.value.to));
      }
    }
  } finally {
    await holes.return(undefined);
  }
}
