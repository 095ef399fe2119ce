import type { Call } from '../values/call.ts';
import type { ByteRange, Extent } from '../values/extent.ts';
import type { BlockEndpoint } from './block-endpoint.ts';
import type { BlockLimits } from './block-limits.ts';

/** Where a range lies: raw bytes at an endpoint, or proven zeros. */
export type LocatedRange = ByteRange & {
  readonly at: { readonly endpoint: BlockEndpoint; readonly offset: number } | 'zero';
};

/** Random (or forward-only) reads of one disk at one instant. Its bytes never change while it is open. */
export interface BlockReader extends AsyncDisposable {
  /** Size of the disk in bytes; constant. */
  readonly sizeBytes: number;
  readonly limits: BlockLimits;

  /**
   * Reads `into.byteLength` bytes at `offset`.
   *
   * Requires: nothing.
   * Receives: a range inside the disk, aligned, within `maxBytes`, never of zero length; with `order: 'ascending'` never
   * before the end of the last read.
   * Must: fill `into` wholly or reject; give the same bytes for the same range each time; renew expired grants by
   * itself; leave bytes outside `into` alone; touch `into` no more once it has settled.
   */
  read(offset: number, into: Uint8Array, call?: Call): Promise<void>;

  /**
   * What is known of `range`. With `order: 'ascending'` it is the cursor: pulled at most 8 MiB of data ahead of the reads.
   *
   * Requires: nothing.
   * Receives: a range inside the disk, aligned or not, never of zero length.
   * Must: yield ascending extents that cover `range` exactly, without gap or overlap; call `zero` only what is proven;
   * not grow in memory with the disk.
   */
  extents(range: ByteRange, call?: Call): AsyncIterable<Extent>;

  /**
   * Where `range` lies, for a driver to read it.
   *
   * Requires: the member is there.
   * Receives: a range inside the disk, never of zero length.
   * Must: cover `range` exactly and ascending; keep every endpoint connectable until this reader is disposed; name bytes
   * equal to what `read` gives.
   */
  locate?(range: ByteRange, call?: Call): AsyncIterable<LocatedRange>;

  /** Size and alignment in bytes of the pieces that `digests` knows; present exactly when `digests` is. */
  readonly digestPieceBytes?: number;

  /**
   * BLAKE3-256 digests known beside the data, in order: 32 bytes for each piece, or an empty array for a piece that is
   * proven zeros. The last piece of a disk is digested at its true length.
   *
   * Requires: the member and `digestPieceBytes` are there.
   * Receives: ascending pieces of that size and alignment, inside the disk.
   * Must: yield one digest a piece, in order; be the digest of what `read` gives; reject with `UNSUPPORTED` for a piece
   * whose digest is not known.
   */
  digests?(pieces: AsyncIterable<ByteRange>, call?: Call): AsyncIterable<Uint8Array>;
}
