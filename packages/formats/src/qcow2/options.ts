import { z } from 'zod';
import { MAX_CLUSTER_BITS, MIN_CLUSTER_BITS } from './constants.ts';
import { MAX_GRANULARITY_BITS, MIN_GRANULARITY_BITS } from './qcow2-bitmap.ts';

/** Bytes of a cluster of a new image, unless it is asked for another. */
export const DEFAULT_CLUSTER_BYTES = 65_536;

/** Longest name of a bitmap in bytes: QEMU's limit. */
const MAX_NAME_BYTES = 1023;

/** A power of two from `2^least` to `2^most`. */
function powerOfTwo(least: number, most: number) {
  return z.int().refine(
    (value) => {
      const bits = Math.log2(value);
      return Number.isInteger(bits) && bits >= least && bits <= most;
    },
    `must be a power of two from ${2 ** least} to ${2 ** most}`,
  );
}

function isNameLength(name: string): boolean {
  const { byteLength } = new TextEncoder().encode(name);
  return byteLength > 0 && byteLength <= MAX_NAME_BYTES;
}

/** Options of `createQcow2` that are plain values. */
export const createQcow2OptionsSchema = z.strictObject({
  /** Size of the disk in bytes; rounded up to a multiple of 512, which QEMU needs. */
  sizeBytes: z.int().min(0),
  /** A power of two from 512 to 2 MiB. */
  clusterBytes: powerOfTwo(MIN_CLUSTER_BITS, MAX_CLUSTER_BITS).default(DEFAULT_CLUSTER_BYTES),
  /** The image that ranges nobody writes are read from. The name is stored as it is and not opened. */
  backing: z.strictObject({ file: z.string(), format: z.enum(['qcow2', 'raw']) }).optional(),
  compression: z.enum(['zlib', 'zstd']).optional(),
});

/** Options of `addBitmap` that are plain values. */
export const addBitmapOptionsSchema = z.strictObject({
  /** Unique in the image, 1–1023 bytes. */
  name: z.string().refine(isNameLength, `must have 1 to ${MAX_NAME_BYTES} bytes`),
  /** Guest bytes of one bit: a power of two from 512 to 2 GiB. */
  granularityBytes: powerOfTwo(MIN_GRANULARITY_BITS, MAX_GRANULARITY_BITS),
});
