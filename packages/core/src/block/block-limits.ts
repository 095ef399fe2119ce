/** What a reader or writer asks of its caller. */
export type BlockLimits = {
  /** Offsets and lengths are multiples of this, except a length that ends at `sizeBytes`. A power of two. */
  readonly alignmentBytes: number;
  /** The most bytes of one `read` or `write`. */
  readonly maxBytes: number;
  /** The most calls under way at once. */
  readonly maxInFlight: number;
  /** `ascending`: one forward pass, gaps allowed, never back. */
  readonly order: 'random' | 'ascending';
};
