import { cutShort } from './byte-feed.ts';
import { invalid } from './invalid-stream.ts';

/** What tells that a stream is whole: grains that are missing at its end would read as zeros. */
export interface StreamEnd {
  /** Grain number `index` came. Throws `FORMAT_INVALID` for one that the directory does not name. */
  grain(index: number): void;
  /** The footer came. */
  footer(): void;
  /**
   * The stream is at its end after `position` bytes, by a marker or because no more came. Throws `CONNECTION_LOST` when it was cut
   * short, `FORMAT_INVALID` when a marker stands where something is missing: zeros look like the marker.
   */
  check(position: number, isMarked: boolean): void;
}

/** The end of a stream whose directory comes last: a footer that leads to it, then a marker. */
export function endByFooter(): StreamEnd {
  let hasFooter = false;
  return {
    grain: () => undefined,
    footer: () => {
      hasFooter = true;
    },
    check: (position, isMarked) => {
      if (!isMarked) throw cutShort(position);
      if (!hasFooter) throw invalid('it ends before its footer');
    },
  };
}

/** The end of a stream whose directory stands behind its grains and is named by its head: what ends before `endBytes` was cut. */
export function endBehind(endBytes: number): StreamEnd {
  return {
    grain: () => undefined,
    footer: () => undefined,
    check: (position, isMarked) => checkWhole(position >= endBytes, position, isMarked),
  };
}

/**
 * The end of a stream whose directory stands in front of its grains: all that it names came. `expected` counts them by table, of
 * `tableEntries` grains each, and is used up.
 */
export function endByDirectory(expected: Uint16Array, tableEntries: number): StreamEnd {
  return {
    grain: (index) => {
      const table = Math.floor(index / tableEntries);
      const left = expected[table] ?? 0;
      if (left === 0) throw invalid(`its directory does not name the grain ${index}`);
      expected[table] = left - 1;
    },
    footer: () => undefined,
    check: (position, isMarked) =>
      checkWhole(
        expected.every((left) => left === 0),
        position,
        isMarked,
      ),
  };
}

function checkWhole(isWhole: boolean, position: number, isMarked: boolean): void {
  if (isWhole) return;
  if (isMarked) throw invalid('it ends before all that its directory names');
  throw cutShort(position);
}
