import type { ByteRange, Extent } from '@sendense/core';

/** Bytes of a piece: what is tracked as written or never written. */
const PIECE_BYTES = 4096;

/**
 * The bytes of one disk: sparse, and cheap to freeze because its pieces are replaced, never changed. Also the model that
 * tests compare plugins with. Offsets and lengths are bytes and are the caller's to check.
 */
export class DiskContent {
  #sizeBytes: number;
  readonly #pieces: Map<number, Uint8Array>;

  /** A disk of zeros. */
  constructor(sizeBytes: number, pieces: ReadonlyMap<number, Uint8Array> = new Map()) {
    this.#sizeBytes = sizeBytes;
    this.#pieces = new Map(pieces);
  }

  /** Size of the disk in bytes. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Fills `into` with the bytes at `offset`. */
  read(offset: number, into: Uint8Array): void {
    for (const { index, within, length, at } of this.#split(offset, into.byteLength)) {
      const piece = this.#pieces.get(index);
      const part = into.subarray(at, at + length);
      if (piece === undefined) part.fill(0);
      else part.set(piece.subarray(within, within + length));
    }
  }

  /** The bytes of `range`, in a new array. */
  bytes(range: ByteRange = { offset: 0, length: this.#sizeBytes }): Uint8Array {
    const into = new Uint8Array(range.length);
    this.read(range.offset, into);
    return into;
  }

  /** Writes a copy of `data` at `offset`. */
  write(offset: number, data: Uint8Array): void {
    for (const { index, within, length, at } of this.#split(offset, data.byteLength)) {
      const piece = Uint8Array.from(this.#pieces.get(index) ?? new Uint8Array(PIECE_BYTES));
      piece.set(data.subarray(at, at + length), within);
      this.#pieces.set(index, piece);
    }
  }

  /** Makes a range read as zeros; whole pieces become never written again. */
  zero(offset: number, length: number): void {
    for (const part of this.#split(offset, length)) {
      const reachesEnd = part.index * PIECE_BYTES + part.within + part.length === this.#sizeBytes;
      if (part.within === 0 && (part.length === PIECE_BYTES || reachesEnd)) this.#pieces.delete(part.index);
      else if (this.#pieces.has(part.index)) this.write(offset + part.at, new Uint8Array(part.length));
    }
  }

  /** The same bytes as a disk of its own. */
  snapshot(): DiskContent {
    return new DiskContent(this.#sizeBytes, this.#pieces);
  }

  /** Grows with zeros, or cuts off. */
  resize(sizeBytes: number): void {
    if (sizeBytes < this.#sizeBytes) this.zero(sizeBytes, this.#sizeBytes - sizeBytes);
    this.#sizeBytes = sizeBytes;
  }

  /** Extents that cover `range`: `data` where something was written, `zero` where nothing ever was. */
  *extents(range: ByteRange = { offset: 0, length: this.#sizeBytes }): Generator<Extent> {
    let open: Extent | undefined;
    for (const { index, length, at } of this.#split(range.offset, range.length)) {
      const kind = this.#pieces.has(index) ? 'data' : 'zero';
      if (open?.kind === kind) {
        open = { ...open, length: open.length + length };
        continue;
      }
      if (open !== undefined) yield open;
      open = { offset: range.offset + at, length, kind };
    }
    if (open !== undefined) yield open;
  }

  *#split(offset: number, length: number) {
    for (let at = 0; at < length; ) {
      const index = Math.floor((offset + at) / PIECE_BYTES);
      const within = (offset + at) % PIECE_BYTES;
      const part = Math.min(PIECE_BYTES - within, length - at);
      yield { index, within, length: part, at };
      at += part;
    }
  }
}
