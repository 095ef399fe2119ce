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
import { checkChunkerOptions } from './check-chunker-options.ts';
import type { ChunkWork, CreateChunkWork } from './chunk-work.ts';
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

class WorkingChunker implements Chunker {
  readonly #chunkBytes: number;
  readonly #work: ChunkWork;
  readonly #openReader: OpenReader;
  readonly #batches = new WeakMap<ChunkBatch, readonly Uint8Array[]>();
  #open = true;

  constructor(chunkBytes: number, work: ChunkWork, openReader: OpenReader) {
    this.#chunkBytes = chunkBytes;
    this.#work = work;
    this.#openReader = openReader;
  }

  async read(from: BlockReader | BlockEndpoint, ranges: Float64Array, call: Call = {}): Promise<ChunkBatch> {
    this.#enter('read-chunks', call);
    const reader = 'kind' in from ? await this.#openReader(from, call) : from;
    try {
      const cut = cutRanges(ranges, this.#chunkBytes, reader.sizeBytes);
      const chunks = await readChunks(reader, cut, call);
      const named = await this.#work.name(chunks, call);
      this.#enter('read-chunks', call);
      return this.#batchOf(chunks, named);
    } finally {
      if (reader !== from) await reader[Symbol.asyncDispose]();
    }
  }

  async encode(batch: ChunkBatch, wanted: Uint32Array, call: Call = {}): Promise<EncodedChunks> {
    this.#enter('encode-chunks', call);
    const chunks = this.#batches.get(batch);
    if (chunks === undefined) throw freed();
    const picked = Array.from(wanted, (index) => chunks[index] ?? missing(index));
    this.#batches.delete(batch);
    return this.#work.encode(picked, call);
  }

  async decode(frames: EncodedChunks, call: Call = {}): Promise<Uint8Array> {
    this.#enter('decode-chunks', call);
    return this.#work.decode(framesOf(frames), call);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#open = false;
  }

  #enter(operation: string, { signal }: Call): void {
    if (!this.#open) throw new SendenseError('NOT_OPEN', 'the chunker was disposed', { operation });
    throwIfAborted(signal, operation);
  }

  #batchOf(chunks: readonly Uint8Array[], named: Pick<ChunkBatch, 'ids' | 'zero'>): ChunkBatch {
    const batch: ChunkBatch = {
      ...named,
      lengths: Uint32Array.from(chunks, (chunk) => chunk.byteLength),
      [Symbol.asyncDispose]: async () => {
        this.#batches.delete(batch);
      },
    };
    this.#batches.set(batch, chunks);
    return batch;
  }
}

function freed(): SendenseError {
  return new SendenseError('NOT_OPEN', 'the batch was encoded or disposed before', {
    operation: 'encode-chunks',
    remedy: 'read the ranges again',
  });
}

function missing(index: number): never {
  throw new SendenseError('RANGE_INVALID', `the batch has no chunk ${index}`, { operation: 'encode-chunks' });
}
