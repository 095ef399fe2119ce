import type { BlockWriter, FileEndpoint } from '@sendense/core';

/** A stretch of the image's file that data can be put into. */
export type Reserved = {
  /** Offset in the file, in bytes. */
  readonly position: number;
  /** Bytes there, whole clusters, at least one. */
  readonly length: number;
  /** Offset on the disk up to which data may be put there. */
  readonly end: number;
};

/** An image whose clusters a driver writes: it says where, and takes in what lies there then. */
export interface ClusterPlacer {
  /** What a driver writes to; absent where none may. */
  readonly fileEndpoint: FileEndpoint | undefined;
  readonly clusterBytes: number;
  /** Says where `length` bytes of the disk from `offset` on will lie. Nothing is given out before they are placed. */
  reserve(offset: number, length: number): Promise<Reserved>;
}

/** What a copy through the loop is given to. */
export interface LoopSink
  extends Pick<BlockWriter, 'sizeBytes' | 'limits' | 'rewritable' | 'untouched' | 'write' | 'zero'> {
  /** Zeros of this size and alignment are made zero instead of written; without it, those of the alignment. */
  readonly zeroPieceBytes?: number;
}

/** What a copy into an image is given to. Offsets on the disk only ascend, over all members. */
export interface CopySink extends LoopSink {
  /** Whether `placed` gets digests. */
  readonly takesDigests: boolean;
  /**
   * The data of whole clusters of the disk from `offset` on lies in the file, from the last reserved position on or behind
   * what was placed there since. `digests`: BLAKE3-256, 32 bytes a cluster.
   */
  placed(offset: number, length: number, digests: Uint8Array): Promise<void>;
}
