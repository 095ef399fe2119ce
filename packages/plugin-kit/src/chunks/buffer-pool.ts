/**
 * Buffers that are used again. V8 sees only the size of a buffer outside its heap: those that live for a while make it collect all of
 * the heap every few megabytes, which costs more than the work on their bytes.
 */
export class BufferPool {
  /** Bytes of each buffer. */
  readonly bufferBytes: number;
  readonly #mostIdle: number;
  readonly #idle = new Set<Uint8Array>();
  readonly #taken = new WeakSet<Uint8Array>();

  /** Keeps at most `mostIdle` buffers that nobody has. */
  constructor(bufferBytes: number, mostIdle: number) {
    this.bufferBytes = bufferBytes;
    this.#mostIdle = mostIdle;
  }

  /** A buffer for the caller alone; it holds anything, and nothing is cleared. */
  take(): Uint8Array {
    const [known] = this.#idle;
    const buffer = known ?? Buffer.allocUnsafeSlow(this.bufferBytes);
    this.#idle.delete(buffer);
    this.#taken.add(buffer);
    return buffer;
  }

  /** Takes back a buffer that `take` gave and nobody touches any more. Throws for one that it did not give, or has back already. */
  give(buffer: Uint8Array): void {
    if (!this.#taken.delete(buffer)) throw new TypeError('a buffer was given back twice, or to another pool');
    if (this.#idle.size < this.#mostIdle) this.#idle.add(buffer);
  }

  /** Forgets all that nobody has. */
  clear(): void {
    this.#idle.clear();
  }
}
