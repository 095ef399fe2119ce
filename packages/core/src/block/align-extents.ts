import { SendenseError } from '../errors/sendense-error.ts';
import type { Extent, ExtentKind } from '../values/extent.ts';

/** A run of data is passed on at this size, so that a cursor is never pulled far ahead of the reads. */
const MAX_DATA_RUN_BYTES = 8 * 1024 * 1024;

/** The grid that extents are widened to. */
export type ExtentGrid = {
  /** A power of two. */
  readonly alignmentBytes: number;
  /** Extents are clipped here, and an edge here counts as aligned. */
  readonly sizeBytes: number;
};

type Emit = (offset: number, end: number, kind: ExtentKind) => void;

/** Joins touching runs of one kind; `limit` bounds how long a data run may grow before it is passed on. */
function joinRuns(limit: number, emit: Emit): { readonly push: Emit; readonly end: () => void } {
  let from = 0;
  let to = 0;
  let kind: ExtentKind = 'data';
  const end = (): void => {
    if (to > from) emit(from, to, kind);
    from = to;
  };
  return {
    push(offset, until, next) {
      if (offset !== to || next !== kind || (next === 'data' && to - from >= limit)) {
        end();
        from = offset;
        kind = next;
      }
      to = until;
    },
    end,
  };
}

/** Puts runs on the grid: a block that is not zero from edge to edge is data, read whole from the same instant. */
function widenRuns({ alignmentBytes, sizeBytes }: ExtentGrid, emit: Emit): Emit {
  let done = 0;
  const down = (offset: number): number => offset - (offset % alignmentBytes);
  const up = (offset: number): number => Math.min(sizeBytes, down(offset + alignmentBytes - 1));
  const give = (offset: number, end: number, kind: ExtentKind): void => {
    const start = Math.max(offset, done);
    if (end <= start) return;
    emit(start, end, kind);
    done = end;
  };
  return (offset, end, kind) => {
    if (kind === 'data') {
      give(down(offset), up(end), 'data');
      return;
    }
    const first = up(offset);
    const last = end === sizeBytes ? end : down(end);
    if (first > offset) give(down(offset), first, 'data');
    give(first, last, 'zero');
    if (last < end) give(Math.max(first, last), up(end), 'data');
  };
}

function misordered(extent: Extent, position: number): SendenseError {
  return new SendenseError(
    'PROTOCOL_VIOLATION',
    `extents must be ascending and apart: [${extent.offset}, +${extent.length}) comes after byte ${position}`,
    {
      operation: 'align-extents',
      context: { offset: extent.offset, length: extent.length, position },
      remedy: 'report this to the author of the plugin that lists the extents',
    },
  );
}

/**
 * Extents in the form that writers take (invariant 7): merged, widened to the grid, clipped to the size. An edge of a
 * zero extent inside a block becomes data, so that its neighbours are read and never guessed.
 *
 * Rejects with `PROTOCOL_VIOLATION` when the input goes back, overlaps or is not made of integers.
 */
export async function* alignExtents(
  extents: AsyncIterable<Extent>,
  grid: ExtentGrid,
): AsyncGenerator<Extent, void, undefined> {
  const ready: Extent[] = [];
  const joined = joinRuns(MAX_DATA_RUN_BYTES, (offset, end, kind) =>
    ready.push({ offset, length: end - offset, kind }),
  );
  const exact = joinRuns(MAX_DATA_RUN_BYTES, widenRuns(grid, joined.push));
  let position = 0;
  for await (const extent of extents) {
    const end = extent.offset + extent.length;
    if (!Number.isSafeInteger(extent.offset) || !Number.isSafeInteger(end) || extent.length < 0)
      throw misordered(extent, position);
    if (extent.length === 0) continue;
    if (extent.offset < position) throw misordered(extent, position);
    position = end;
    if (extent.offset >= grid.sizeBytes) continue;
    exact.push(extent.offset, Math.min(end, grid.sizeBytes), extent.kind);
    if (ready.length > 0) yield* ready.splice(0);
  }
  exact.end();
  joined.end();
  yield* ready;
}
