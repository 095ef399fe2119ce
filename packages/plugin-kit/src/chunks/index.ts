export { BufferPool } from './buffer-pool.ts';
export type { CheckedChunkerOptions } from './check-chunker-options.ts';
export { type ChunkWork, type CreateChunkWork, damagedChunk, misnamedChunk } from './chunk-work.ts';
export { createChunker, type OpenReader } from './create-chunker.ts';
