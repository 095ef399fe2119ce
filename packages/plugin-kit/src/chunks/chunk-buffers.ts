import type { ByteRange } from '@sendense/core';
import type { BufferPool } from './buffer-pool.ts';

/** The memory of the chunks of a batch. */
export class ChunkBuffers {
  /** A buffer of the length of each chunk; it holds anything at first. */
  readonly chunks: readonly Uint8Array[];
  readonly #pooled: Uint8Array[] = [];
  readonly #pool: BufferPool;

  /** Short chunks have memory of their own: many of them would take many times their bytes in whole buffers. */
  constructor(cut: readonly ByteRange[], pool: BufferPool) {
    this.#pool = pool;
    this.chunks = cut.map(({ length }) => {
      if (length * 2 < pool.bufferBytes) return Buffer.allocUnsafeSlow(length);
      const whole = pool.take();
      this.#pooled.push(whole);
      return whole.subarray(0, length);
    });
  }

  /** Nobody touches them any more. */
  giveBack(): void {
    for (const buffer of this.#pooled.splice(0)) this.#pool.give(buffer);
  }
}
