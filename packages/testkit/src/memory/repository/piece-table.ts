import type { ByteRange, Extent } from '@sendense/core';

/** Piece index → hex BLAKE3 of the piece at its true length. A piece that is not listed is zeros. */
export type PieceTable = ReadonlyMap<number, string>;

/** Name of the object that holds a piece or artifact. Content names it, so equal pieces are stored once. */
export function pieceKey(digest: string): string {
  return `pieces/${digest}`;
}

/** The pieces of `range`, each cut to the range. `within` is where the cut begins in its piece. */
export function* piecesOf(range: ByteRange, pieceBytes: number) {
  for (let at = 0; at < range.length; ) {
    const index = Math.floor((range.offset + at) / pieceBytes);
    const within = (range.offset + at) % pieceBytes;
    const length = Math.min(pieceBytes - within, range.length - at);
    yield { index, within, at, length };
    at += length;
  }
}

/** The extents of `range` under `table`: a listed piece is data, any other is proven zeros. */
export function* tableExtents(table: PieceTable, range: ByteRange, pieceBytes: number): Generator<Extent> {
  let open: Extent | undefined;
  for (const { index, at, length } of piecesOf(range, pieceBytes)) {
    const kind = table.has(index) ? 'data' : 'zero';
    if (open?.kind === kind) {
      open = { ...open, length: open.length + length };
      continue;
    }
    if (open !== undefined) yield open;
    open = { offset: range.offset + at, length, kind };
  }
  if (open !== undefined) yield open;
}

/** What differs between two tables, with everything beyond `sinceBytes`. Extents are whole pieces, ascending. */
export function* tableDifference(
  since: PieceTable,
  now: PieceTable,
  sizes: { readonly sinceBytes: number; readonly nowBytes: number },
  pieceBytes: number,
): Generator<Extent> {
  for (const { index, at, length } of piecesOf({ offset: 0, length: sizes.nowBytes }, pieceBytes)) {
    if (at + length <= sizes.sinceBytes && since.get(index) === now.get(index)) continue;
    yield { offset: at, length, kind: now.has(index) ? 'data' : 'zero' };
  }
}
