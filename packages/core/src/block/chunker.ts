import type { Call } from '../values/call.ts';
import type { Secret } from '../values/secret.ts';
import type { BlockEndpoint } from './block-endpoint.ts';
import type { BlockReader } from './block-reader.ts';

/** Keys and sizes of a chunker. */
export type ChunkerOptions = {
  readonly chunkBytes: number;
  /** 32-byte key of the chunk ids, as hex. */
  readonly idKey: Secret;
  /** 32-byte key of the encryption, as hex. */
  readonly dataKey: Secret;
  readonly zstdLevel: number;
};

/** Chunks held in native memory between `read` and `encode`. */
export interface ChunkBatch extends AsyncDisposable {
  /** 32 bytes a chunk: keyed BLAKE3. */
  readonly ids: Uint8Array;
  /** One byte a chunk: 1 when it is all zeros. */
  readonly zero: Uint8Array;
  /** Plain length of each chunk in bytes. */
  readonly lengths: Uint32Array;
}

/**
 * Encoded frames, back to back in `bytes`. Disposed, where it can be, when nobody reads `bytes` any more: the chunker uses its memory
 * for other frames then. What is never disposed is never used again.
 */
export type EncodedChunks = Partial<Disposable> & {
  readonly bytes: Uint8Array;
  readonly lengths: Uint32Array;
};

/** Bulk work of object repositories; bytes stay native between the two calls. */
export interface Chunker extends AsyncDisposable {
  /**
   * `ranges` is packed `[offset, length]`. Must: cut each range into chunks of `chunkBytes`, its last one shorter, none
   * over two ranges; give them in the order of the ranges.
   */
  read(from: BlockReader | BlockEndpoint, ranges: Float64Array, call?: Call): Promise<ChunkBatch>;
  /**
   * Compresses and encrypts only `wanted` (indices into the batch), in that order, and frees the batch. Must: reject an
   * index that is not there with `RANGE_INVALID`, a batch that was freed with `NOT_OPEN`; derive no nonce from a chunk; leave the
   * frames as they are until they are disposed.
   */
  encode(batch: ChunkBatch, wanted: Uint32Array, call?: Call): Promise<EncodedChunks>;
  /** The plain chunks, back to back. Must: reject with `CORRUPT` when any frame fails authentication. */
  decode(frames: EncodedChunks, call?: Call): Promise<Uint8Array>;
  /**
   * Puts the chunk of one frame at the start of `into`, which has at least `chunkBytes`, and gives its length. Must: reject with
   * `CORRUPT` when the frame fails authentication or is not the chunk of `id`, with `RANGE_INVALID` when `into` is too small or shares
   * bytes with `frame` or `id`, which the caller leaves alone, all three, until it has settled;
   * leave bytes behind `chunkBytes` alone; touch `into` no more once it has settled. After a rejection `into` holds anything.
   */
  decodeInto(frame: Uint8Array, id: Uint8Array, into: Uint8Array, call?: Call): Promise<number>;
}
