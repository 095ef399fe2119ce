import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import {
  type BlockEndpoint,
  type BlockReader,
  type ChunkBatch,
  type Chunker,
  type ChunkerOptions,
  type EncodedChunks,
  isZeroBytes,
  SendenseError,
} from '@sendense/core';
import { type Blake3, loadKeyedBlake3 } from '@sendense/plugin-kit/digest';
import { Lifetime } from './lifetime.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** How a memory chunker cuts, names and hides chunks. */
export type MemoryChunkerOptions = ChunkerOptions & {
  /** Opens what is given as an endpoint. */
  readonly open: (endpoint: BlockEndpoint) => BlockReader;
};

/** Cuts, names, compresses and encrypts chunks in this thread: what a native chunker does beside it. */
export function createMemoryChunker(options: MemoryChunkerOptions): Chunker {
  const lifetime = new Lifetime('memory chunker');
  const batches = new WeakMap<ChunkBatch, readonly Uint8Array[]>();
  const key = Buffer.from(options.dataKey.reveal(), 'hex');
  const named = loadKeyedBlake3(Buffer.from(options.idKey.reveal(), 'hex'));
  return {
    async read(from, ranges, call) {
      await lifetime.enter('read-chunks', call);
      const chunks: Uint8Array[] = [];
      const reader = 'kind' in from ? options.open(from) : from;
      try {
        for (const [offset, length] of cut(ranges, options.chunkBytes)) {
          lifetime.check('read-chunks', call);
          const chunk = new Uint8Array(length);
          await reader.read(offset, chunk, call);
          chunks.push(chunk);
        }
      } finally {
        if (reader !== from) await reader[Symbol.asyncDispose]();
      }
      const batch = batchOf(chunks, await named, () => batches.delete(batch));
      batches.set(batch, chunks);
      return batch;
    },
    async encode(batch, wanted, call) {
      await lifetime.enter('encode-chunks', call);
      const chunks = batches.get(batch);
      if (chunks === undefined) throw freed();
      batches.delete(batch);
      const frames = Array.from(wanted, (index) => encrypt(chunks[index], key, options.zstdLevel));
      return packed(frames);
    },
    async decode(frames, call) {
      await lifetime.enter('decode-chunks', call);
      return Buffer.concat(framesOf(frames).map((frame) => decrypt(frame, key, options.chunkBytes)));
    },
    async [Symbol.asyncDispose]() {
      lifetime.close();
    },
  };
}

/** Each range in chunks of `chunkBytes`, its last one shorter; no chunk spans two ranges. */
function* cut(
  ranges: Float64Array,
  chunkBytes: number,
): Generator<readonly [offset: number, length: number]> {
  for (let at = 0; at + 1 < ranges.length; at += 2) {
    const [start = 0, length = 0] = ranges.subarray(at, at + 2);
    for (let offset = start; offset < start + length; offset += chunkBytes)
      yield [offset, Math.min(chunkBytes, start + length - offset)];
  }
}

function batchOf(chunks: readonly Uint8Array[], named: Blake3, free: () => void): ChunkBatch {
  return {
    ids: Buffer.concat(chunks.map((chunk) => named(chunk))),
    zero: Uint8Array.from(chunks, (chunk) => (isZeroBytes(chunk) ? 1 : 0)),
    lengths: Uint32Array.from(chunks, (chunk) => chunk.byteLength),
    async [Symbol.asyncDispose]() {
      free();
    },
  };
}

/** Nonce, tag and the encrypted zstd frame. The nonce is random: one made of the id would repeat. */
function encrypt(chunk: Uint8Array | undefined, key: Uint8Array, level: number): Uint8Array {
  if (chunk === undefined)
    throw new SendenseError('RANGE_INVALID', 'the batch has no such chunk', { operation: 'encode-chunks' });
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const plain = zstdCompressSync(chunk, { params: { 100: level } });
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

function decrypt(frame: Uint8Array, key: Uint8Array, chunkBytes: number): Uint8Array {
  try {
    const body = NONCE_BYTES + TAG_BYTES;
    const cipher = createDecipheriv('aes-256-gcm', key, frame.subarray(0, NONCE_BYTES));
    cipher.setAuthTag(frame.subarray(NONCE_BYTES, body));
    const plain = Buffer.concat([cipher.update(frame.subarray(body)), cipher.final()]);
    return zstdDecompressSync(plain, { maxOutputLength: chunkBytes });
  } catch (error) {
    throw new SendenseError('CORRUPT', 'a stored chunk is damaged, or belongs to another key', {
      operation: 'decode-chunks',
      cause: error,
      remedy: 'run verify to see what is damaged',
    });
  }
}

function packed(frames: readonly Uint8Array[]): EncodedChunks {
  return {
    bytes: Buffer.concat(frames),
    lengths: Uint32Array.from(frames, (frame) => frame.byteLength),
  };
}

function framesOf({ bytes, lengths }: EncodedChunks): Uint8Array[] {
  let end = 0;
  return Array.from(lengths, (length) => {
    end += length;
    return bytes.subarray(end - length, end);
  });
}

function freed(): SendenseError {
  return new SendenseError('NOT_OPEN', 'the batch was encoded or disposed before', {
    operation: 'encode-chunks',
    remedy: 'read the ranges again',
  });
}
