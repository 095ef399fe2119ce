import { z } from 'zod';
import { openQcow2OptionsSchema } from '../options.ts';
import { DEFAULT_BLOCK_BYTES } from './constants.ts';

/** Options of `openVhd`, without the file system: those of every format with parents. */
export const openVhdOptionsSchema = openQcow2OptionsSchema;

/** Sizes of blocks that are written: those that Virtual PC and Hyper-V make and open. */
const BLOCK_BYTES = [512 * 1024, DEFAULT_BLOCK_BYTES] as const;

const sizeBytes = z.int().min(0);
/** For Azure: at least 20 MiB, at most 32 TiB. Without it 2040 GiB is the most, as for every other reader. */
const azure = z.boolean().default(false);

/** Options of `createVhd` that are plain values. */
export const createVhdOptionsSchema = z.discriminatedUnion('subformat', [
  z.strictObject({
    subformat: z.literal('dynamic').default('dynamic'),
    /** Size of the disk in bytes; rounded up to a multiple of 512. */
    sizeBytes,
    /** 512 KiB or 2 MiB. */
    blockBytes: z.literal(BLOCK_BYTES).default(DEFAULT_BLOCK_BYTES),
  }),
  z.strictObject({
    subformat: z.literal('fixed'),
    /** Size of the disk in bytes; rounded up to a multiple of 1 MiB. */
    sizeBytes,
    azure,
  }),
]);

/** Options of `streamVhd` that are plain values. */
export const streamVhdOptionsSchema = z.strictObject({ azure });
