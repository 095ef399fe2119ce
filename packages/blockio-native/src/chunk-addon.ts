/** Why chunk work failed. */
export type ChunkFailure = 'damaged' | 'stopped' | 'no-random' | 'panicked';

/** Keys and sizes of chunk work. */
export type NativeChunkOptions = {
  /** 32 bytes. */
  readonly idKey: Uint8Array;
  /** 32 bytes. */
  readonly dataKey: Uint8Array;
  readonly zstdLevel: number;
  /** The most bytes that a frame may hold. */
  readonly chunkBytes: number;
  readonly threads: number;
};

/** Asks one call to stop. */
export interface ChunkStop {
  ask(): void;
}

/** Frames or chunks back to back; nothing of them where there is a failure. */
export type PackedChunks = {
  readonly bytes?: Uint8Array;
  readonly lengths?: Uint32Array;
  readonly failure?: ChunkFailure;
};

/** Work on many chunks; a call leaves their bytes as they are, and nobody may change them until it settles. */
export interface NativeChunks {
  name(
    chunks: readonly Uint8Array[],
    stop: ChunkStop,
  ): Promise<{ readonly ids?: Uint8Array; readonly zero?: Uint8Array; readonly failure?: ChunkFailure }>;
  encode(chunks: readonly Uint8Array[], stop: ChunkStop): Promise<PackedChunks>;
  decode(frames: readonly Uint8Array[], stop: ChunkStop): Promise<PackedChunks>;
}

/** What the addon exports for chunk work. */
export interface ChunkAddon {
  readonly NativeChunks: new (options: NativeChunkOptions) => NativeChunks;
  readonly ChunkStop: new () => ChunkStop;
}
