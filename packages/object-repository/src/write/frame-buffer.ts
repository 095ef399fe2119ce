import type { BufferPool } from '@sendense/plugin-kit/chunks';

/** Bytes of a buffer: a small pack takes little, and a large one is few parts. */
export const FRAME_BUFFER_BYTES = 1024 * 1024;

/** The frames of a pack, one behind the other in buffers that are used again once it is stored. */
export class FrameBuffer {
  readonly #pool: BufferPool;
  readonly #buffers: Uint8Array[] = [];
  /** Bytes that are free in the last one. */
  #free = 0;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** Appends a copy of `frame`. */
  add(frame: Uint8Array): void {
    for (let at = 0; at < frame.byteLength; ) {
      if (this.#free === 0) {
        this.#buffers.push(this.#pool.take());
        this.#free = this.#pool.bufferBytes;
      }
      const part = frame.subarray(at, at + this.#free);
      this.#buffers.at(-1)?.set(part, this.#pool.bufferBytes - this.#free);
      this.#free -= part.byteLength;
      at += part.byteLength;
    }
  }

  /** What was added, in order; there until `giveBack`. */
  parts(): Uint8Array[] {
    const parts = [...this.#buffers];
    const last = parts.pop();
    if (last !== undefined) parts.push(last.subarray(0, last.byteLength - this.#free));
    return parts;
  }

  /** Nobody reads the parts any more. */
  giveBack(): void {
    for (const buffer of this.#buffers.splice(0)) this.#pool.give(buffer);
    this.#free = 0;
  }
}
