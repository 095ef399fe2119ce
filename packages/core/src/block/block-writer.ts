import type { Call } from '../values/call.ts';
import type { ByteRange, Extent } from '../values/extent.ts';
import type { BlockEndpoint } from './block-endpoint.ts';
import type { BlockIoDriver } from './block-io-driver.ts';
import type { BlockLimits } from './block-limits.ts';
import type { BlockReader } from './block-reader.ts';
import type { CopyResult } from './copy-result.ts';
import type { Pace } from './pace.ts';

/** Options of a copy that a writer places itself. */
export type CopyOptions = Call & {
  readonly pace?: Pace;
  readonly driver?: BlockIoDriver;
  /** The most bytes held in memory; see `CopyRequest`. */
  readonly windowBytes?: number;
};

/** Writes of one disk. After one failed write it can only be disposed (invariant 8). */
export interface BlockWriter extends AsyncDisposable {
  /** At least the size of the source: targets round up. */
  readonly sizeBytes: number;
  readonly limits: BlockLimits;
  /** `false`: each byte at most once. */
  readonly rewritable: boolean;
  /** What a range nobody writes reads as. */
  readonly untouched: 'zero' | 'base' | 'unknown';

  /**
   * Writes `data` at `offset`.
   *
   * Requires: nothing.
   * Receives: a range inside the disk, aligned, within `maxBytes`, never of zero length; with `order: 'ascending'` never
   * before the end of the last `write` or `zero`; nothing after a failure.
   * Must: have taken the bytes when it resolves (`data` may be reused); write nothing, and read nothing of `data`, once it
   * has rejected. After an abort what a server was sent and does not answer soon is let go: `ABORTED` with `effect: 'unknown'`.
   */
  write(offset: number, data: Uint8Array, call?: Call): Promise<void>;

  /**
   * Makes a range read as zeros.
   *
   * Requires: nothing.
   * Receives: the same as `write`, but `length` may exceed `maxBytes`.
   * Must: make the range read as zeros, whatever `untouched` is; not take memory by the length.
   */
  zero(offset: number, length: number, call?: Call): Promise<void>;

  /**
   * Makes everything written so far durable.
   *
   * Requires: nothing.
   * Receives: nothing after a failure.
   * Must: resolve only when a power loss would keep every byte of the calls that had resolved; allow more writes after.
   */
  flush(call?: Call): Promise<void>;

  /**
   * What an earlier attempt with this id made durable; the copy leaves it out.
   *
   * Requires: the member is there.
   * Must: yield ascending ranges on the grid of `alignmentBytes`; name only bytes that a power loss would keep.
   */
  durable?(call?: Call): AsyncIterable<ByteRange>;

  /**
   * The identity-mapped raw destination, for a driver to write to.
   *
   * Requires: the member is there.
   * Must: stay connectable until this writer is disposed; take `flush` of this writer for bytes written there.
   */
  endpoint?(call?: Call): Promise<BlockEndpoint>;

  /**
   * Copies `extents` of `source` with placement of its own.
   *
   * Requires: the member is there.
   * Receives: extents ascending and apart, inside both disks, aligned for both, without what is durable.
   * Must: leave the same bytes as `write` and `zero` would; report what it moved; write nothing once it has settled; take
   * every byte it reads from `options.pace`.
   */
  copyFrom?(source: BlockReader, extents: AsyncIterable<Extent>, options?: CopyOptions): Promise<CopyResult>;
}
