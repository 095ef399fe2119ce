import { MOVE_SLOTS, type TransferResult } from '@sendense/core';

/** A stretch of the disk after its transfer. `move` and `start` tell where in the moves it begins. */
export type PlacedRun = {
  readonly offset: number;
  readonly length: number;
  readonly kind: 'data' | 'zero';
  /** Index of the first move in it. */
  readonly move: number;
};

/**
 * What became of moves whose bytes lie at `offsets` on the disk: data and zeros, ascending; neighbours are one. A run never
 * joins what lies apart on the disk.
 */
export function* placedRuns(
  moves: Float64Array,
  offsets: readonly number[],
  { zeros }: TransferResult,
): Generator<PlacedRun> {
  let last: PlacedRun | undefined;
  for (const next of runsOfMoves(moves, offsets, zeros)) {
    if (last !== undefined && last.kind === next.kind && last.offset + last.length === next.offset) {
      last = { ...last, length: last.length + next.length };
      continue;
    }
    if (last !== undefined) yield last;
    last = next;
  }
  if (last !== undefined) yield last;
}

function* runsOfMoves(
  moves: Float64Array,
  offsets: readonly number[],
  zeros: Float64Array,
): Generator<PlacedRun> {
  let slot = 0;
  for (const [move, offset] of offsets.entries()) {
    const end = moves[move * MOVE_SLOTS + 3] ?? 0;
    let at = 0;
    for (; zeros[slot] === move; slot += 3) {
      const start = zeros[slot + 1] ?? 0;
      const length = zeros[slot + 2] ?? 0;
      if (start > at) yield { offset: offset + at, length: start - at, kind: 'data', move };
      yield { offset: offset + start, length, kind: 'zero', move };
      at = start + length;
    }
    if (end > at) yield { offset: offset + at, length: end - at, kind: 'data', move };
  }
}
