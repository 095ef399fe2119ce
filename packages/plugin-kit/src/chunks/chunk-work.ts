import { type Call, type ChunkBatch, SendenseError } from '@sendense/core';
import type { CheckedChunkerOptions } from './check-chunker-options.ts';

/** A frame is at most so much longer than its chunk: a nonce, how the chunk is stored, a tag. */
export const FRAME_EXTRA_BYTES = 12 + 1 + 16;

/**
 * What a chunker does with the bytes of many chunks at once. Each method settles when nothing of it is under way, and touches what it
 * was given no more then. No two of the buffers that a method is given overlap.
 */
export interface ChunkWork {
  /** See `ChunkBatch`. */
  name(chunks: readonly Uint8Array[], call: Call): Promise<Pick<ChunkBatch, 'ids' | 'zero'>>;
  /** A frame for each chunk, in their order, back to back from the start of `into`, which has room for them; gives their lengths. */
  encode(chunks: readonly Uint8Array[], into: Uint8Array, call: Call): Promise<Uint32Array>;
  /** The chunks of the frames, back to back. Rejects with `CORRUPT` when any cannot be authenticated. */
  decode(frames: readonly Uint8Array[], call: Call): Promise<Uint8Array>;
  /** See `Chunker.decodeInto`; `into` is long enough. */
  decodeInto(frame: Uint8Array, id: Uint8Array, into: Uint8Array, call: Call): Promise<number>;
}

/** Makes the work of a chunker for its keys and sizes, which are checked. */
export type CreateChunkWork = (options: CheckedChunkerOptions) => ChunkWork;

/** The error of frames that are not what was stored. */
export function damagedChunk(
  cause?: unknown,
  message = 'a stored chunk is damaged, or belongs to another key',
) {
  return new SendenseError('CORRUPT', message, {
    operation: 'decode-chunks',
    cause,
    remedy: 'run verify to see what is damaged',
  });
}

/** The error of a frame that is whole, and not the chunk that it should be. */
export function misnamedChunk(): SendenseError {
  return damagedChunk(undefined, 'a stored chunk is another one than its name says');
}
