/** The largest unit in which any of the formats allocates: a block of VHDX as `qemu-img` makes them. */
const LARGEST_BLOCK_BYTES = 64 * 1024 * 1024;

/** Tables take less than a hundredth in every format, with data that does not compress. */
const TABLES = 1.01;

/** Upper bound in bytes of what a disk takes in any format: `qemu-img measure` knows two formats only. */
export function spaceBound(sizeBytes: number): number {
  return Math.ceil(sizeBytes * TABLES) + 2 * LARGEST_BLOCK_BYTES;
}
