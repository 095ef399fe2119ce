import type { FileHandle } from '@sendense/plugin-kit/files';
import { OFFSET_HIGH, OFFSET_LOW } from './constants.ts';

/** Tables are read in pieces of this size. */
const PIECE_BYTES = 65_536;

/** A piece of a table of 8-byte entries; the first one is entry `first` of the table. */
export type TablePiece = { readonly first: number; readonly count: number; readonly view: DataView };

/** Reads a table piece by piece. What lies past the end of the file reads as zeros. */
export async function* readTable(
  handle: FileHandle,
  position: number,
  entries: number,
): AsyncGenerator<TablePiece> {
  const perPiece = PIECE_BYTES / 8;
  for (let first = 0; first < entries; first += perPiece) {
    const count = Math.min(perPiece, entries - first);
    const view = new DataView(new ArrayBuffer(count * 8));
    await handle.read(new Uint8Array(view.buffer), position + first * 8);
    yield { first, count, view };
  }
}

/** Bits 9–55 of the entry at `at` bytes; beyond 2^53 it is not exact, and in no file. */
export function offsetAt(view: DataView, at: number): number {
  return (view.getUint32(at) & OFFSET_HIGH) * 2 ** 32 + ((view.getUint32(at + 4) & OFFSET_LOW) >>> 0);
}
