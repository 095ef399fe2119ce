import type { ByteRange } from '@sendense/core';

/** The smallest piece that is remembered, and the most pieces: a megabyte of memory at most. */
const MIN_PIECE_BYTES = 1024 * 1024;
const MAX_PIECES = 8 * 1024 * 1024;

/** Remembers, coarsely, which pieces of a disk were written. */
export class WrittenPieces {
  readonly #pieceBytes: number;
  readonly #bits: Uint8Array;

  constructor(sizeBytes: number) {
    this.#pieceBytes = Math.max(MIN_PIECE_BYTES, Math.ceil(sizeBytes / MAX_PIECES));
    this.#bits = new Uint8Array(Math.ceil(sizeBytes / this.#pieceBytes / 8));
  }

  add({ offset, length }: ByteRange): void {
    const last = Math.floor((offset + length - 1) / this.#pieceBytes);
    for (let piece = Math.floor(offset / this.#pieceBytes); piece <= last; piece += 1) {
      this.#bits[piece >>> 3] = (this.#bits[piece >>> 3] ?? 0) | (1 << (piece & 7));
    }
  }

  /** The parts of `range` that lie in written pieces, ascending. */
  within({ offset, length }: ByteRange): ByteRange[] {
    const found: ByteRange[] = [];
    const end = offset + length;
    for (let at = offset; at < end; ) {
      const piece = Math.floor(at / this.#pieceBytes);
      const stop = Math.min((piece + 1) * this.#pieceBytes, end);
      if (((this.#bits[piece >>> 3] ?? 0) >>> (piece & 7)) & 1) found.push({ offset: at, length: stop - at });
      at = stop;
    }
    return found;
  }
}
