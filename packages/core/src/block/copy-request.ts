import type { Clock } from '../plugin/plugin-services.ts';
import type { ByteRange, Extent } from '../values/extent.ts';
import type { BlockIoDriver } from './block-io-driver.ts';
import type { BlockReader } from './block-reader.ts';
import type { BlockWriter } from './block-writer.ts';
import type { Pace } from './pace.ts';

/** Tells pieces that the destination has already. */
export type UnchangedPieces = {
  /** Size and alignment in bytes of the pieces asked about: a power of two. */
  readonly pieceBytes: number;
  /**
   * Whether the destination reads the same at `range`. Asked once for each piece, ascending, one after another; the last
   * piece of a disk has its true length. `data` is `'zero'` for a piece of zeros, and valid only until the answer.
   */
  test(range: ByteRange, data: Uint8Array | 'zero'): boolean | Promise<boolean>;
};

/** What to copy, and how. */
export type CopyRequest = {
  readonly from: BlockReader;
  /** At least as large as `from`. */
  readonly to: BlockWriter;
  /** Ascending and apart, as sources list them; merged, widened and clipped here. */
  readonly extents: AsyncIterable<Extent>;
  /** Asked before every read. */
  readonly pace?: Pace;
  /** Moves bytes that reader and writer can name an endpoint of; handed to a writer that places them itself. */
  readonly driver?: BlockIoDriver;
  /** The most bytes held in memory; default 8 MiB, and never less than two pieces. */
  readonly windowBytes?: number;
  /** Zeros of this size and alignment are made zero instead of written; default 64 KiB, a power of two. */
  readonly zeroPieceBytes?: number;
  readonly unchanged?: UnchangedPieces;
  /** For the rate of progress reports. */
  readonly clock?: Pick<Clock, 'monotonicMs'>;
};
