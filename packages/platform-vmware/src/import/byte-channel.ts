/**
 * Hands bytes from who makes them to who sends them, one piece at a time: `send` resolves when the piece before it was taken, so
 * no more than one piece waits.
 */
export class ByteChannel implements AsyncIterable<Uint8Array> {
  #piece: Uint8Array | undefined;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #changed = Promise.withResolvers<void>();

  /** Rejects when the other side has given up. The bytes must stay as they are until the next call resolves. */
  async send(bytes: Uint8Array): Promise<void> {
    while (this.#piece !== undefined && this.#failure === undefined) await this.#changed.promise;
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#piece = bytes;
    this.#tell();
  }

  /** Whether all bytes were handed over. */
  get isEnded(): boolean {
    return this.#ended && this.#piece === undefined;
  }

  /** No more bytes come. */
  end(): void {
    this.#ended = true;
    this.#tell();
  }

  /** Breaks both sides with `error`; the first one counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#tell();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const piece = this.#piece;
      if (piece !== undefined) {
        this.#piece = undefined;
        this.#tell();
        yield piece;
      } else if (this.#ended) return;
      else await this.#changed.promise;
    }
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
