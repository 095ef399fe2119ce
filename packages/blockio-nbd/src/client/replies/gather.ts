/**
 * Collects a message of known length from pieces of a stream, which it copies. Nothing is allocated ahead: a length that
 * a hostile peer invents costs it as many bytes.
 */
export class Gather {
  #need = 0;
  #have = 0;
  #parts: Uint8Array[] = [];

  /** Begins a message of `length` bytes. */
  begin(length: number): void {
    this.#need = length;
    this.#have = 0;
    this.#parts = [];
  }

  /** Bytes collected of a message that is not complete. */
  get have(): number {
    return this.#have;
  }

  /** Bytes still missing. */
  get missing(): number {
    return this.#need - this.#have;
  }

  /** Takes up to what is missing from the start of `bytes`; gives how many were taken. */
  take(bytes: Uint8Array): number {
    const count = Math.min(this.missing, bytes.byteLength);
    if (count > 0) this.#parts.push(new Uint8Array(bytes.subarray(0, count)));
    this.#have += count;
    return count;
  }

  /** The whole message. */
  message(): Uint8Array {
    const [only, ...more] = this.#parts;
    const whole = only !== undefined && more.length === 0 ? only : Buffer.concat(this.#parts);
    this.#parts = [];
    return whole;
  }
}
