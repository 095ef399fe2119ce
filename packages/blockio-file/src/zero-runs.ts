/** A stretch of a buffer. */
export type Run = { readonly start: number; readonly length: number; readonly zero: boolean };

const ZEROS = new Uint8Array(1024 * 1024);

/** Whether every byte of `data` is zero. */
export function isAllZero(data: Uint8Array): boolean {
  if (data[0] !== 0) return data.byteLength === 0;
  for (let start = 0; start < data.byteLength; start += ZEROS.byteLength) {
    const part = data.subarray(start, start + ZEROS.byteLength);
    if (Buffer.compare(part, ZEROS.subarray(0, part.byteLength)) !== 0) return false;
  }
  return true;
}

/**
 * Cuts `data` into alternating runs of zeros and data that cover it. A zero run is made of whole pieces of
 * `pieceBytes`, counted from the start of `data`; a shorter rest at the end counts as data.
 */
export function* zeroRuns(data: Uint8Array, pieceBytes: number): Generator<Run> {
  let start = 0;
  let zero = false;
  for (let piece = 0; piece < data.byteLength; piece += pieceBytes) {
    const bytes = data.subarray(piece, piece + pieceBytes);
    const isZero = bytes.byteLength === pieceBytes && isAllZero(bytes);
    if (isZero === zero) continue;
    if (piece > start) yield { start, length: piece - start, zero };
    start = piece;
    zero = isZero;
  }
  if (data.byteLength > start) yield { start, length: data.byteLength - start, zero };
}
