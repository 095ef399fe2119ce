import type { BlockEndpoint } from './block-endpoint.ts';

/** How many float64 slots one packed move takes: from index, source offset, destination offset, length. */
export const MOVE_SLOTS = 4;

/** Packed moves from several sources to one destination. */
export type TransferRequest = {
  readonly from: readonly BlockEndpoint[];
  readonly to: BlockEndpoint;
  /** Whether to return a BLAKE3-256 digest of each move. */
  readonly digest: boolean;
  /** `[from index, source offset, destination offset, length]` repeated; byte values are safe integers. */
  readonly moves: Float64Array;
  /**
   * Runs of zeros of at least `pieceBytes`, aligned to it within a move, are left out or written. With `pack` they are left
   * out and what follows moves up: the moves, which then follow each other at the destination, leave no gap there. Only for
   * a driver with `packsZeros`.
   */
  readonly zeros: { readonly pieceBytes: number; readonly action: 'skip' | 'write' | 'pack' };
};

/** What was found on the way. */
export type TransferResult = {
  /** 32 bytes a move, in the order of the moves. */
  readonly digests?: Uint8Array;
  /** `[move index, start in the move, length]` repeated: the zero runs that were found. */
  readonly zeros: Float64Array;
};
