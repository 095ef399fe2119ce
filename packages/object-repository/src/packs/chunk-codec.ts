import type { BlockReader, Call, ChunkBatch, Chunker, EncodedChunks } from '@sendense/core';
import { limitConcurrency } from '@sendense/plugin-kit';
import { BufferPool } from '@sendense/plugin-kit/chunks';

/** Frames that are decoded at once: those that wait take no memory yet. */
const DECODED_AT_ONCE = 8;
/** Bytes of buffers that are kept for the next chunks. */
const KEPT_BYTES = 16 * 1024 * 1024;

/** A chunk in memory that its holder has until it gives it back. */
export type HeldChunk = {
  readonly bytes: Uint8Array;
  /** Bytes of memory that are held for it. */
  readonly heldBytes: number;
  /** Once, when nobody reads `bytes` any more. */
  giveBack(): void;
};

/** Names, encodes and decodes chunks that are in memory, with the chunker of the repository. */
export class ChunkCodec implements AsyncDisposable {
  readonly #chunker: Chunker;
  readonly #buffers: BufferPool;
  readonly #decoding = limitConcurrency(DECODED_AT_ONCE);

  constructor(chunker: Chunker, chunkBytes: number) {
    this.#chunker = chunker;
    this.#buffers = new BufferPool(chunkBytes, Math.max(1, Math.floor(KEPT_BYTES / chunkBytes)));
  }

  /** The chunks of `bytes`, which may be reused once it has resolved. */
  name(bytes: Uint8Array, call?: Call): Promise<ChunkBatch> {
    return this.#chunker.read(readerOf(bytes), Float64Array.of(0, bytes.byteLength), call);
  }

  /** The frames of some chunks of a batch, which is free after it; disposed when nobody reads them any more. */
  encode(batch: ChunkBatch, wanted: readonly number[], call?: Call): Promise<EncodedChunks> {
    return this.#chunker.encode(batch, Uint32Array.from(wanted), call);
  }

  /** The chunk of a frame. Rejects with `CORRUPT` unless it is the chunk of that id. */
  decode(frame: Uint8Array, id: Uint8Array, call?: Call): Promise<HeldChunk> {
    return this.#decoding(async () => {
      const buffer = this.#buffers.take();
      const length = await this.#chunker.decodeInto(frame, id, buffer, call); // of a failure nothing is used again
      const bytes = buffer.subarray(0, length);
      const giveBack = () => this.#buffers.give(buffer);
      if (length * 2 >= buffer.byteLength) return { bytes, heldBytes: buffer.byteLength, giveBack };
      const own = { bytes: Uint8Array.from(bytes), heldBytes: length, giveBack() {} }; // a node would take many times its bytes
      giveBack();
      return own;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunker[Symbol.asyncDispose]();
  }
}

/** A disk that is in memory. */
function readerOf(bytes: Uint8Array): BlockReader {
  const sizeBytes = bytes.byteLength;
  return {
    sizeBytes,
    limits: { alignmentBytes: 1, maxBytes: Math.max(1, sizeBytes), maxInFlight: 8, order: 'random' },
    async read(offset, into) {
      into.set(bytes.subarray(offset, offset + into.byteLength));
    },
    async *extents(range) {
      yield { ...range, kind: 'data' };
    },
    async [Symbol.asyncDispose]() {},
  };
}
