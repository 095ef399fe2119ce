import type { DataFile } from './data-file.ts';
import type { Layer } from './layer.ts';
import type { CompressedRun, Run } from './run.ts';

/** A stretch of the disk and where its bytes come from. `depth` counts layers below the top one. */
export type Piece = { readonly offset: number; readonly length: number; readonly depth: number } & (
  | { readonly kind: 'zero' }
  | { readonly kind: 'data'; readonly file: DataFile; readonly hostOffset: number }
  | { readonly kind: 'compressed'; readonly layer: Layer; readonly run: CompressedRun }
);

/** What `run` says of the `length` bytes at `offset` in it. */
export function pieceOf(
  run: Exclude<Run, { kind: 'absent' }>,
  offset: number,
  length: number,
  depth: number,
  layer: Layer,
): Piece {
  if (run.kind === 'data') {
    const { file = layer.data } = run;
    return { kind: 'data', offset, length, depth, file, hostOffset: run.hostOffset + offset - run.start };
  }
  if (run.kind === 'compressed') return { kind: 'compressed', offset, length, depth, layer, run };
  return { kind: 'zero', offset, length, depth };
}

/** The part of `piece` in `[start, end)`, which it overlaps. */
export function clipPiece(piece: Piece, start: number, end: number): Piece {
  const offset = Math.max(piece.offset, start);
  const length = Math.min(piece.offset + piece.length, end) - offset;
  if (length === piece.length) return piece;
  if (piece.kind !== 'data') return { ...piece, offset, length };
  return { ...piece, offset, length, hostOffset: piece.hostOffset + offset - piece.offset };
}
