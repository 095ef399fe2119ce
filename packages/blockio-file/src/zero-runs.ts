import { isZeroBytes } from '@sendense/core';

/** A stretch of a buffer. */
export type Run = { readonly start: number; readonly length: number; readonly zero: boolean };

/**
 * Cuts `data` into alternating runs of zeros and data that cover it. A zero run is made of whole pieces of
 * `pieceBytes`, counted from the start of `data`; a shorter rest at the end counts as data.
 */
export function* zeroRuns(data: Uint8Array, pieceBytes: number): Generator<Run> {
  let start = 0;
  let zero = false;
  for (let piece = 0; piece < data.byteLength; piece += pieceBytes) {
    const bytes = data.subarray(piece, piece + pieceBytes);
    const isZero = bytes.byteLength === pieceBytes && isZeroBytes(bytes);
    if (isZero === zero) continue;
    if (piece > start) yield { start, length: piece - start, zero };
    start = piece;
    zero = isZero;
  }
  if (data.byteLength > start) yield { start, length: data.byteLength - start, zero };
}
