/** Numbers in the bytes of a structure; offsets are bytes from its begin. Reading past its end is a `RangeError`. */
export class Fields {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Unsigned byte. */
  u8(at: number): number {
    return this.#view.getUint8(at);
  }

  /** Little-endian, 16 bits. */
  u16(at: number): number {
    return this.#view.getUint16(at, true);
  }

  /** Little-endian, 32 bits. */
  u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  /** Little-endian, signed, 32 bits. */
  i32(at: number): number {
    return this.#view.getInt32(at, true);
  }

  /** Little-endian, 64 bits; beyond 2^53 it is inexact, and larger than any disk. */
  u64(at: number): number {
    return Number(this.#view.getBigUint64(at, true));
  }

  /** Little-endian, 64 bits, exact: times. */
  bits64(at: number): bigint {
    return this.#view.getBigUint64(at, true);
  }

  /** Big-endian, 16 bits: XFS, and the journal of ext. */
  u16be(at: number): number {
    return this.#view.getUint16(at, false);
  }

  /** Big-endian, 32 bits: XFS, and the journal of ext. */
  u32be(at: number): number {
    return this.#view.getUint32(at, false);
  }

  /** Big-endian, signed, 32 bits. */
  i32be(at: number): number {
    return this.#view.getInt32(at, false);
  }

  /** Big-endian, 64 bits; beyond 2^53 it is inexact, and larger than any disk. */
  u64be(at: number): number {
    return Number(this.#view.getBigUint64(at, false));
  }

  /** Big-endian, 64 bits, exact: fields of several numbers. */
  bits64be(at: number): bigint {
    return this.#view.getBigUint64(at, false);
  }

  /** Bytes `[at, at + length)`, not copied. */
  slice(at: number, length: number): Uint8Array {
    return this.bytes.subarray(at, at + length);
  }

  /** Bytes `[at, at + length)` as fields of their own. */
  part(at: number, length: number): Fields {
    return new Fields(this.slice(at, length));
  }

  /** Latin-1 text up to the first NUL. */
  text(at: number, length: number): string {
    const raw = Buffer.from(this.slice(at, length)).toString('latin1');
    const end = raw.indexOf('\0');
    return end === -1 ? raw : raw.slice(0, end);
  }
}
