import { violation } from '@sendense/plugin-kit/nbd';
import { MAX_STRING_BYTES } from './limits.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Takes big-endian values off a message; each throws `PROTOCOL_VIOLATION` when the message is too short for it. */
export class WireReader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = 0;

  /** @param what - name of the message for errors */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  /** Bytes not yet taken. */
  get left(): number {
    return this.#bytes.byteLength - this.#at;
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8));
  }

  /** A u64 as a number: exact up to 2^53-1; above that rounded, and still larger than every disk. */
  size(): number {
    return Number(this.u64());
  }

  /** `length` bytes, not copied. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** `length` bytes of UTF-8; at most {@link MAX_STRING_BYTES}. */
  text(length: number): string {
    if (length > MAX_STRING_BYTES) {
      throw violation(`sent a string of ${length} bytes in ${this.#what}`, { length });
    }
    const bytes = this.bytes(length);
    try {
      return utf8.decode(bytes);
    } catch {
      throw violation(`sent a string that is not UTF-8 in ${this.#what}`);
    }
  }

  /** Throws unless everything was taken. */
  end(): void {
    if (this.left > 0) throw violation(`sent ${this.left} bytes too many in ${this.#what}`);
  }

  #take(length: number): number {
    const start = this.#at;
    if (length > this.left) {
      throw violation(`sent ${this.#what} that is too short`, { bytes: this.#bytes.byteLength });
    }
    this.#at += length;
    return start;
  }
}
