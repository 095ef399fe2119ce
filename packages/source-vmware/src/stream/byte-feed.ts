import { SendenseError } from '@sendense/core';

/** Bytes of a body in pieces of the asker's size. */
export class ByteFeed {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array();
  #position = 0;

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#chunks = body[Symbol.asyncIterator]();
  }

  /** Bytes that were taken. */
  get position(): number {
    return this.#position;
  }

  /** The next `length` bytes; `undefined` where the body has ended. Rejects with `CONNECTION_LOST` when it ends within them. */
  async take(length: number): Promise<Uint8Array | undefined> {
    const into = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      if (this.#chunk.byteLength === 0 && !(await this.#next())) break;
      const part = this.#chunk.subarray(0, length - filled);
      into.set(part, filled);
      filled += part.byteLength;
      this.#chunk = this.#chunk.subarray(part.byteLength);
    }
    this.#position += filled;
    if (filled === length) return into;
    if (filled === 0) return undefined;
    throw cutShort(this.#position);
  }

  /** Leaves out the next `length` bytes. Rejects as `take` does. */
  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      if (this.#chunk.byteLength === 0 && !(await this.#next())) throw cutShort(this.#position);
      const part = Math.min(left, this.#chunk.byteLength);
      this.#chunk = this.#chunk.subarray(part);
      this.#position += part;
      left -= part;
    }
  }

  /** Closes the body. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #next(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done === true) return false;
    this.#chunk = value;
    return true;
  }
}

/** The error of a stream that ends before its end: asked for again, it may be whole. */
export function cutShort(position: number): SendenseError {
  return new SendenseError(
    'CONNECTION_LOST',
    `the stream of the disk ended after ${position} bytes, before its end`,
    {
      operation: 'read-stream',
      context: { position },
      remedy: 'look whether the host or a proxy ends long transfers',
    },
  );
}
