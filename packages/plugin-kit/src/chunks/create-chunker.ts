import {
  type BlockEndpoint,
  type BlockReader,
  type Call,
  type ChunkBatch,
  type Chunker,
  type ChunkerOptions,
  type EncodedChunks,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import { BufferPool } from './buffer-pool.ts';
import { checkChunkerOptions } from './check-chunker-options.ts';
import { ChunkBuffers } from './chunk-buffers.ts';
import { type ChunkWork, type CreateChunkWork, FRAME_EXTRA_BYTES } from './chunk-work.ts';
import { cutRanges } from './cut-ranges.ts';
import { framesOf } from './packed-frames.ts';
import { createPortableWork } from './portable-work.ts';
import { readChunks } from './read-chunks.ts';

/** Opens what is given as an endpoint; a driver's `openReader`. */
export type OpenReader = (endpoint: BlockEndpoint, call?: Call) => Promise<BlockReader>;

/**
 * The chunk work of object repositories: ids by keyed BLAKE3, zstd where it helps, AES-256-GCM. It is done in TypeScript
 * unless `createWork` gives another way, which must make the same ids and read the same frames. Throws `CONFIG_INVALID` for
 * keys or sizes that cannot be.
 */
export function createChunker(
  options: ChunkerOptions,
  openReader: OpenReader,
  createWork: CreateChunkWork = createPortableWork,
): Chunker {
  const checked = checkChunkerOptions(options);
  return new WorkingChunker(checked.chunkBytes, createWork(checked), openReader);
}

/** A batch of a writer is about so large. */
const BATCH_BYTES = 4 * 1024 * 1024;
/** Buffers for chunks of so many bytes are kept, and frames of so many batches: a writer has no more under way. */
const KEPT = { chunkBytes: 24 * 1024 * 1024, frames: 5 };

class WorkingChunker implements Chunker {
  readonly #chunkBytes: number;
  readonly #work: ChunkWork;
  readonly #openReader: OpenReader;
  readonly #batches = new WeakMap<ChunkBatch, ChunkBuffers>();
  readonly #chunks: BufferPool;
  readonly #frames: BufferPool;
  #open = true;

  constructor(chunkBytes: number, work: ChunkWork, openReader: OpenReader) {
    this.#chunkBytes = chunkBytes;
    this.#work = work;
    this.#openReader = openReader;
    const batch = Math.max(1, Math.floor(BATCH_BYTES / chunkBytes));
    this.#chunks = new BufferPool(chunkBytes, Math.max(1, Math.floor(KEPT.chunkBytes / chunkBytes)));
    this.#frames = new BufferPool(batch * (chunkBytes + FRAME_EXTRA_BYTES), KEPT.frames);
  }

  async read(from: BlockReader | BlockEndpoint, ranges: Float64Array, call: Call = {}): Promise<ChunkBatch> {
    this.#enter('read-chunks', call);
    const reader = 'kind' in from ? await this.#openReader(from, call) : from;
    try {
      const cut = cutRanges(ranges, this.#chunkBytes, reader.sizeBytes);
      // of a failure nothing is used again: a reader that breaks its contract may still write
      const buffers = new ChunkBuffers(cut, this.#chunks);
      await readChunks(reader, cut, buffers.chunks, call);
      const named = await this.#work.name(buffers.chunks, call);
      this.#enter('read-chunks', call);
      return this.#batchOf(buffers, named);
    } finally {
      if (reader !== from) await reader[Symbol.asyncDispose]();
    }
  }

  async encode(batch: ChunkBatch, wanted: Uint32Array, call: Call = {}): Promise<EncodedChunks> {
    this.#enter('encode-chunks', call);
    const buffers = this.#batches.get(batch);
    if (buffers === undefined) throw freed();
    const picked = Array.from(wanted, (index) => buffers.chunks[index] ?? missing(index));
    this.#batches.delete(batch);
    try {
      return await this.#encode(picked, call);
    } finally {
      buffers.giveBack();
    }
  }

  async decode(frames: EncodedChunks, call: Call = {}): Promise<Uint8Array> {
    this.#enter('decode-chunks', call);
    return this.#work.decode(framesOf(frames), call);
  }

  async decodeInto(frame: Uint8Array, id: Uint8Array, into: Uint8Array, call: Call = {}): Promise<number> {
    this.#enter('decode-chunks', call);
    if (into.byteLength < this.#chunkBytes) throw noRoom(into.byteLength);
    if (overlap(frame, into) || overlap(id, into)) throw overlapping();
    return this.#work.decodeInto(frame, id, into.subarray(0, this.#chunkBytes), call);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#open = false;
    this.#chunks.clear();
    this.#frames.clear();
  }

  #enter(operation: string, { signal }: Call): void {
    if (!this.#open) throw new SendenseError('NOT_OPEN', 'the chunker was disposed', { operation });
    throwIfAborted(signal, operation);
  }

  #batchOf(buffers: ChunkBuffers, named: Pick<ChunkBatch, 'ids' | 'zero'>): ChunkBatch {
    const batch: ChunkBatch = {
      ...named,
      lengths: Uint32Array.from(buffers.chunks, (chunk) => chunk.byteLength),
      [Symbol.asyncDispose]: async () => {
        if (this.#batches.delete(batch)) buffers.giveBack();
      },
    };
    this.#batches.set(batch, buffers);
    return batch;
  }

  /** The frames of chunks, in memory that is used again where they are no more than those of a batch. */
  async #encode(chunks: readonly Uint8Array[], call: Call): Promise<EncodedChunks> {
    const most = chunks.reduce((sum, chunk) => sum + chunk.byteLength + FRAME_EXTRA_BYTES, 0);
    const isPooled = most <= this.#frames.bufferBytes;
    const into = isPooled ? this.#frames.take() : Buffer.allocUnsafeSlow(most);
    const lengths = await this.#work.encode(chunks, into, call);
    let isHeld = isPooled;
    return {
      bytes: into.subarray(
        0,
        lengths.reduce((sum, length) => sum + length, 0),
      ),
      lengths,
      [Symbol.dispose]: () => {
        if (isHeld) this.#frames.give(into);
        isHeld = false;
      },
    };
  }
}

function freed(): SendenseError {
  return new SendenseError('NOT_OPEN', 'the batch was encoded or disposed before', {
    operation: 'encode-chunks',
    remedy: 'read the ranges again',
  });
}

function noRoom(bytes: number): SendenseError {
  return new SendenseError(
    'RANGE_INVALID',
    `a chunk may have more than the ${bytes} bytes that there is room for`,
    {
      operation: 'decode-chunks',
    },
  );
}

function overlap(one: Uint8Array, other: Uint8Array): boolean {
  return (
    one.buffer === other.buffer &&
    one.byteOffset < other.byteOffset + other.byteLength &&
    other.byteOffset < one.byteOffset + one.byteLength
  );
}

function overlapping(): SendenseError {
  return new SendenseError('RANGE_INVALID', 'a chunk is not decoded over its own frame or id', {
    operation: 'decode-chunks',
    remedy: 'give it memory of its own',
  });
}

function missing(index: number): never {
  throw new SendenseError('RANGE_INVALID', `the batch has no chunk ${index}`, { operation: 'encode-chunks' });
}
