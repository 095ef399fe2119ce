import { type Call, type ChunkBatch, type EncodedChunks, SendenseError } from '@sendense/core';
import type { CheckedChunkerOptions } from './check-chunker-options.ts';

/** What a chunker does with the bytes of many chunks at once. Each method settles when nothing of it is under way. */
export interface ChunkWork {
  /** See `ChunkBatch`. */
  name(chunks: readonly Uint8Array[], call: Call): Promise<Pick<ChunkBatch, 'ids' | 'zero'>>;
  /** A frame for each chunk, in their order. */
  encode(chunks: readonly Uint8Array[], call: Call): Promise<EncodedChunks>;
  /** The chunks of the frames, back to back. Rejects with `CORRUPT` when any cannot be authenticated. */
  decode(frames: readonly Uint8Array[], call: Call): Promise<Uint8Array>;
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
