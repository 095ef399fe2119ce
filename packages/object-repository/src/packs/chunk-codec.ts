import type { BlockReader, Call, ChunkBatch, Chunker, EncodedChunks } from '@sendense/core';
import { damagedChunk } from '@sendense/plugin-kit/chunks';
import { ID_BYTES } from './pack-directory.ts';

/** Names, encodes and decodes chunks that are in memory, with the chunker of the repository. */
export class ChunkCodec implements AsyncDisposable {
  readonly #chunker: Chunker;

  constructor(chunker: Chunker) {
    this.#chunker = chunker;
  }

  /** The chunks of `bytes`, which may be reused once it has resolved. */
  name(bytes: Uint8Array, call?: Call): Promise<ChunkBatch> {
    return this.#chunker.read(readerOf(bytes), Float64Array.of(0, bytes.byteLength), call);
  }

  /** The frames of some chunks of a batch, which is free after it. */
  encode(batch: ChunkBatch, wanted: readonly number[], call?: Call): Promise<EncodedChunks> {
    return this.#chunker.encode(batch, Uint32Array.from(wanted), call);
  }

  /** The chunk of a frame. Rejects with `CORRUPT` unless it is the chunk of that id. */
  async decode(frame: Uint8Array, id: Uint8Array, call?: Call): Promise<Uint8Array> {
    const chunk = await this.#chunker.decode(
      { bytes: frame, lengths: Uint32Array.of(frame.byteLength) },
      call,
    );
    await using batch = await this.name(chunk, call);
    if (batch.ids.byteLength === ID_BYTES && Buffer.compare(batch.ids, id) === 0) return chunk;
    throw damagedChunk(undefined, 'a stored chunk is another one than its name says');
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
