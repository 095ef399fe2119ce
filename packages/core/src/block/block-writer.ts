import type { Call } from '../values/call.ts';
import type { ByteRange, Extent } from '../values/extent.ts';
import type { BlockEndpoint } from './block-endpoint.ts';
import type { BlockIoDriver } from './block-io-driver.ts';
import type { BlockLimits } from './block-limits.ts';
import type { BlockReader } from './block-reader.ts';
import type { CopyResult } from './copy-result.ts';
import type { Pace } from './pace.ts';

/** Options of a copy that a writer places itself. */
export type CopyOptions = Call & { readonly pace?: Pace; readonly driver?: BlockIoDriver };

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
   * Receives: a range inside the disk, aligned, within `maxBytes`, in the promised order.
   * Must: have taken the bytes when it resolves (`data` may be reused); reject everything after a failure.
   */
  write(offset: number, data: Uint8Array, call?: Call): Promise<void>;

  /** Must: make the range read as zeros, whatever `untouched` is; `length` may exceed `maxBytes`. */
  zero(offset: number, length: number, call?: Call): Promise<void>;

  /** Must: make everything written so far durable before it resolves; after any failure it rejects. */
  flush(call?: Call): Promise<void>;

  /** What an earlier attempt with this id made durable; the copy leaves it out. */
  durable?(call?: Call): AsyncIterable<ByteRange>;

  /** The identity-mapped raw destination, for a driver to write to. */
  endpoint?(call?: Call): Promise<BlockEndpoint>;

  /** Copies `extents` of `source` with placement of its own; ascending, inside both disks, aligned for both. */
  copyFrom?(source: BlockReader, extents: AsyncIterable<Extent>, options?: CopyOptions): Promise<CopyResult>;
}
