/** Why chunk work failed. */
export type ChunkFailure = 'damaged' | 'misnamed' | 'stopped' | 'no-room' | 'no-random' | 'panicked';

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

/** Lengths of what was put into memory of the caller; nothing where there is a failure. */
export type PlacedChunks = { readonly lengths?: Uint32Array; readonly failure?: ChunkFailure };

/** Work on many chunks; a call leaves what it reads as it is, and nobody may change that, or touch `into`, until it settles. */
export interface NativeChunks {
  name(
    chunks: readonly Uint8Array[],
    stop: ChunkStop,
  ): Promise<{ readonly ids?: Uint8Array; readonly zero?: Uint8Array; readonly failure?: ChunkFailure }>;
  encode(chunks: readonly Uint8Array[], into: Uint8Array, stop: ChunkStop): Promise<PlacedChunks>;
  decode(
    frames: readonly Uint8Array[],
    stop: ChunkStop,
  ): Promise<{ readonly bytes?: Uint8Array; readonly failure?: ChunkFailure }>;
  decodeInto(frame: Uint8Array, id: Uint8Array, into: Uint8Array, stop: ChunkStop): Promise<PlacedChunks>;
}

/** What the addon exports for chunk work. */
export interface ChunkAddon {
  readonly NativeChunks: new (options: NativeChunkOptions) => NativeChunks;
  readonly ChunkStop: new () => ChunkStop;
}
