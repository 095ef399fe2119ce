import type { ByteRange } from '@sendense/core';
import type { FilePiece } from '../file-system-reader.ts';

const ZERO_PIECE = new Uint8Array(256 * 1024);

/** All bytes of `range` in their order: what lies between the pieces, and behind them, comes as zeros. */
export async function* fillHoles(
  pieces: AsyncIterable<FilePiece>,
  { offset: begin, length }: ByteRange,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = begin;
  for await (const { offset, bytes } of pieces) {
    yield* zeros(offset - at);
    yield bytes;
    at = offset + bytes.byteLength;
  }
  yield* zeros(begin + length - at);
}

function* zeros(length: number): Generator<Uint8Array, void, undefined> {
  for (let left = length; left > 0; left -= ZERO_PIECE.byteLength)
    yield ZERO_PIECE.subarray(0, Math.min(left, ZERO_PIECE.byteLength));
}
