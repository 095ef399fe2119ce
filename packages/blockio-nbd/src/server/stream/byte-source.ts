import type { Duplex } from 'node:stream';

/** Takes bytes off a stream, as many as asked for and no more than the stream itself buffers ahead. */
export class ByteSource {
  readonly #stream: Duplex;
  #rest: Uint8Array = new Uint8Array();
  #wake: (() => void) | undefined;
  #stopped = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
    for (const event of ['readable', 'end', 'close'] as const) stream.on(event, this.#awake);
  }

  /** Bytes that have arrived and were not taken. */
  get buffered(): number {
    return this.#rest.byteLength + this.#stream.readableLength;
  }

  /** Waits for a byte; `false` when none will come. */
  async more(): Promise<boolean> {
    while (!this.#stopped) {
      if (this.#rest.byteLength > 0 || this.#pull()) return true;
      if (this.#stream.readableEnded || this.#stream.destroyed) return false;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return false;
  }

  /** Reads until `into` is full; `false` when the stream ends before it is full. */
  async read(into: Uint8Array): Promise<boolean> {
    for (let at = 0; at < into.byteLength; ) {
      if (!(await this.more())) return false;
      const part = this.#rest.subarray(0, into.byteLength - at);
      into.set(part, at);
      at += part.byteLength;
      this.#rest = this.#rest.subarray(part.byteLength);
    }
    return true;
  }

  /** Drops `length` bytes; `false` when the stream ends before that. */
  async skip(length: number): Promise<boolean> {
    for (let left = length; left > 0; ) {
      if (!(await this.more())) return false;
      const dropped = Math.min(left, this.#rest.byteLength);
      this.#rest = this.#rest.subarray(dropped);
      left -= dropped;
    }
    return true;
  }

  /** Ends every wait: no byte is taken any more. */
  stop(): void {
    this.#stopped = true;
    this.#awake();
  }

  /** Lets go of the stream. */
  release(): void {
    for (const event of ['readable', 'end', 'close'] as const) this.#stream.off(event, this.#awake);
  }

  #pull(): boolean {
    const chunk: unknown = this.#stream.read();
    if (!(chunk instanceof Uint8Array)) return false;
    this.#rest = chunk;
    return chunk.byteLength > 0;
  }

  readonly #awake = (): void => {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  };
}
