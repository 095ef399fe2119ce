/** Builds a message of known length out of big-endian values. */
export class WireWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  /** @param length - bytes of the whole message */
  constructor(length: number) {
    this.#bytes = new Uint8Array(length);
    this.#view = new DataView(this.#bytes.buffer);
  }

  u16(value: number): this {
    this.#view.setUint16(this.#advance(2), value);
    return this;
  }

  u32(value: number): this {
    this.#view.setUint32(this.#advance(4), value);
    return this;
  }

  /** A bigint, or a number that is a safe integer. */
  u64(value: bigint | number): this {
    this.#view.setBigUint64(this.#advance(8), BigInt(value));
    return this;
  }

  bytes(bytes: Uint8Array): this {
    this.#bytes.set(bytes, this.#advance(bytes.byteLength));
    return this;
  }

  /** The message. Throws when values are missing: a defect of the caller. */
  done(): Uint8Array {
    if (this.#at !== this.#bytes.byteLength) {
      throw new RangeError(`${this.#bytes.byteLength - this.#at} bytes of the message are missing`);
    }
    return this.#bytes;
  }

  #advance(length: number): number {
    const start = this.#at;
    this.#at += length;
    return start;
  }
}

const encoder = new TextEncoder();

/** UTF-8 of `text`. */
export function utf8Bytes(text: string): Uint8Array {
  return encoder.encode(text);
}
