import {
  type BlockEndpoint,
  type BlockReader,
  type Call,
  type ChunkBatch,
  type Chunker,
  type ChunkerOptions,
  type EncodedChunks,
  isZeroBytes,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import type { Blake3 } from '../digest/blake3.ts';
import { loadKeyedBlake3 } from '../digest/keyed-blake3.ts';
import { limitConcurrency } from '../flow/limit-concurrency.ts';
import { type CheckedChunkerOptions, checkChunkerOptions } from './check-chunker-options.ts';
import { decodeBody, encodeBody } from './chunk-body.ts';
import { cutRanges } from './cut-ranges.ts';
import { framesOf, packFrames } from './packed-frames.ts';
import { readChunks } from './read-chunks.ts';
import { openBody, sealBody } from './seal-body.ts';

/** Node compresses on four threads. */
const THREADS = 4;

/** Opens what is given as an endpoint; a driver's `openReader`. */
export type OpenReader = (endpoint: BlockEndpoint, call?: Call) => Promise<BlockReader>;

/**
 * The chunk work of object repositories in TypeScript: ids by keyed BLAKE3, zstd where it helps, AES-256-GCM. Native code
 * makes the same ids, and each reads the frames of the other. Throws `CONFIG_INVALID` for keys or sizes that cannot be.
 */
export function createChunker(options: ChunkerOptions, openReader: OpenReader): Chunker {
  return new PortableChunker(checkChunkerOptions(options), openReader);
}

class PortableChunker implements Chunker {
  readonly #options: CheckedChunkerOptions;
  readonly #openReader: OpenReader;
  readonly #named: Promise<Blake3>;
  readonly #batches = new WeakMap<ChunkBatch, readonly Uint8Array[]>();
  #open = true;

  constructor(options: CheckedChunkerOptions, openReader: OpenReader) {
    this.#options = options;
    this.#openReader = openReader;
    this.#named = loadKeyedBlake3(options.idKey);
  }

  async read(from: BlockReader | BlockEndpoint, ranges: Float64Array, call: Call = {}): Promise<ChunkBatch> {
    this.#enter('read-chunks', call);
    const reader = 'kind' in from ? await this.#openReader(from, call) : from;
    try {
      const cut = cutRanges(ranges, this.#options.chunkBytes, reader.sizeBytes);
      const chunks = await readChunks(reader, cut, call);
      const named = await this.#named;
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
    const { zstdLevel, dataKey } = this.#options;
    const frames = await this.#eachOf(picked, 'encode-chunks', call, async (chunk) =>
      sealBody(await encodeBody(chunk, zstdLevel), dataKey),
    );
    return packFrames(frames);
  }

  async decode(frames: EncodedChunks, call: Call = {}): Promise<Uint8Array> {
    this.#enter('decode-chunks', call);
    const { chunkBytes, dataKey } = this.#options;
    const chunks = await this.#eachOf(framesOf(frames), 'decode-chunks', call, async (frame) => {
      try {
        return await decodeBody(openBody(frame, dataKey), chunkBytes);
      } catch (cause) {
        throw damaged(cause);
      }
    });
    return Buffer.concat(chunks);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#open = false;
  }

  #enter(operation: string, { signal }: Call): void {
    if (!this.#open) throw new SendenseError('NOT_OPEN', 'the chunker was disposed', { operation });
    throwIfAborted(signal, operation);
  }

  /** Runs `work` on a few items at once; rejects with the first failure, and starts nothing after it. */
  #eachOf(
    items: readonly Uint8Array[],
    operation: string,
    call: Call,
    work: (item: Uint8Array) => Promise<Uint8Array>,
  ): Promise<Uint8Array[]> {
    const limited = limitConcurrency(THREADS);
    let failed = false;
    const run = (item: Uint8Array): Promise<Uint8Array> =>
      limited(async () => {
        if (failed) return item;
        try {
          throwIfAborted(call.signal, operation);
          return await work(item);
        } catch (error) {
          failed = true;
          throw error;
        }
      });
    return Promise.all(items.map(run));
  }

  #batchOf(chunks: readonly Uint8Array[], named: Blake3): ChunkBatch {
    const batch: ChunkBatch = {
      ids: Buffer.concat(chunks.map((chunk) => named(chunk))),
      zero: Uint8Array.from(chunks, (chunk) => (isZeroBytes(chunk) ? 1 : 0)),
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

function damaged(cause: unknown): SendenseError {
  return new SendenseError('CORRUPT', 'a stored chunk is damaged, or belongs to another key', {
    operation: 'decode-chunks',
    cause,
    remedy: 'run verify to see what is damaged',
  });
}
