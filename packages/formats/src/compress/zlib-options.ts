/** What a block becomes is mostly shorter than this: then a thread has to be asked only once. */
export const PACKED_CHUNK = { chunkSize: 32 * 1024 } as const;
