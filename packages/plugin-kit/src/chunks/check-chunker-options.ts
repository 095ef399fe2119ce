import { type ChunkerOptions, SendenseError } from '@sendense/core';

const KEY = /^[0-9a-f]{64}$/i;
const CHUNK_BYTES = { least: 512, most: 16 * 1024 * 1024 };
/** Beyond it zstd takes hundreds of megabytes for each chunk. */
const MAX_LEVEL = 19;

/** Options of a chunker with the keys as bytes. */
export type CheckedChunkerOptions = Pick<ChunkerOptions, 'chunkBytes' | 'zstdLevel'> & {
  readonly idKey: Uint8Array;
  readonly dataKey: Uint8Array;
};

/** Throws `CONFIG_INVALID` for keys that are not 32 bytes of hex, and for a chunk size or level that cannot be. */
export function checkChunkerOptions(options: ChunkerOptions): CheckedChunkerOptions {
  const { chunkBytes, zstdLevel } = options;
  const { least, most } = CHUNK_BYTES;
  if (!Number.isSafeInteger(chunkBytes) || chunkBytes < least || chunkBytes > most)
    throw invalid(`chunkBytes must be from ${least} to ${most}`);
  if (!Number.isInteger(zstdLevel) || zstdLevel < 1 || zstdLevel > MAX_LEVEL)
    throw invalid(`zstdLevel must be from 1 to ${MAX_LEVEL}`);
  return { chunkBytes, zstdLevel, idKey: keyOf(options, 'idKey'), dataKey: keyOf(options, 'dataKey') };
}

function keyOf(options: ChunkerOptions, name: 'idKey' | 'dataKey'): Uint8Array {
  const text = options[name].reveal();
  if (!KEY.test(text)) throw invalid(`${name} must be 64 hexadecimal digits`);
  return Buffer.from(text, 'hex');
}

function invalid(message: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', message, {
    operation: 'open-chunker',
    remedy: 'correct the options of the chunker',
  });
}
