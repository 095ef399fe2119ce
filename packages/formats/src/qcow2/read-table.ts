import { throwIfAborted } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { OFFSET_HIGH, OFFSET_LOW } from './constants.ts';

/** Tables are read in pieces of this size. */
const PIECE_BYTES = 65_536;

/** A piece of a table of 8-byte entries; the first one is entry `first` of the table. */
export type TablePiece = { readonly first: number; readonly count: number; readonly view: DataView };

/** Room for a piece, for a caller that reads many tables: a new one for each would be garbage faster than it is collected. */
export function pieceBuffer(): ArrayBuffer {
  return new ArrayBuffer(PIECE_BYTES);
}

/** How to read a table. */
export type ReadTableOptions = {
  /** Where each piece goes. */
  readonly buffer?: ArrayBuffer;
  readonly signal?: AbortSignal;
};

/**
 * Reads a table piece by piece, each into the same buffer: a piece is good until the next one. What lies past the end of the
 * file reads as zeros: whoever checks the table has told that before. Rejects with `ABORTED` between pieces.
 */
export async function* readTable(
  handle: FileHandle,
  position: number,
  entries: number,
  { buffer = pieceBuffer(), signal }: ReadTableOptions = {},
): AsyncGenerator<TablePiece> {
  const perPiece = PIECE_BYTES / 8;
  for (let first = 0; first < entries; first += perPiece) {
    throwIfAborted(signal, 'check-image');
    const count = Math.min(perPiece, entries - first);
    const bytes = new Uint8Array(buffer, 0, count * 8);
    bytes.fill(0, await handle.read(bytes, position + first * 8));
    yield { first, count, view: new DataView(buffer, 0, count * 8) };
  }
}

/** Bits 9–55 of the entry at `at` bytes; beyond 2^53 it is not exact, and in no file. */
export function offsetAt(view: DataView, at: number): number {
  return (view.getUint32(at) & OFFSET_HIGH) * 2 ** 32 + ((view.getUint32(at + 4) & OFFSET_LOW) >>> 0);
}
