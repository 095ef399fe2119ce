import { z } from 'zod';
import { openQcow2OptionsSchema } from '../options.ts';
import { MAX_BLOCK_BYTES, MIB, MIN_BLOCK_BYTES } from './constants.ts';

/** Options of `openVhdx`, without the file system: those of every format with parents. */
export const openVhdxOptionsSchema = openQcow2OptionsSchema;

/** What Hyper-V gives a new disk. */
export const DEFAULT_BLOCK_BYTES = 32 * MIB;

const sectorBytes = z.literal([512, 4096]);

/** Options of `createVhdx` that are plain values. */
export const createVhdxOptionsSchema = z.strictObject({
  /** Size of the disk in bytes; rounded up to whole sectors. */
  sizeBytes: z.int().min(0),
  subformat: z.enum(['dynamic', 'fixed']).default('dynamic'),
  /** A power of two from 1 to 256 MiB; 32 MiB as Hyper-V has it. */
  blockBytes: z
    .int()
    .refine(
      (bytes) => bytes >= MIN_BLOCK_BYTES && bytes <= MAX_BLOCK_BYTES && Number.isInteger(Math.log2(bytes)),
      'must be a power of two from 1 MiB to 256 MiB',
    )
    .default(DEFAULT_BLOCK_BYTES),
  /** What the guest sees; it must be what the disk was used with: 512 or 4096. */
  logicalSectorBytes: sectorBytes.default(512),
  physicalSectorBytes: sectorBytes.default(4096),
});
