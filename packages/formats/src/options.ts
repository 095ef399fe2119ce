import type { BlockIoDriver } from '@sendense/core';
import { z } from 'zod';

const driver = z.custom<BlockIoDriver>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    'supports' in value &&
    typeof value.supports === 'function',
  'must be a block IO driver',
);

/** Block-IO drivers, tried in their order. */
export const drivers = z.array(driver).readonly().default([]);

/** A format that disk images are known by; see `formatCapabilities` for those that can be read and written. */
const format = z.enum(['raw', 'qcow2', 'vmdk', 'vhd', 'vhdx']);

const parents = z
  .union([z.literal('none'), z.strictObject({ folders: z.array(z.string().min(1)).readonly() })], {
    error: 'must be "none" or an object with the list "folders"',
  })
  .default('none');

/** Options of `openRaw`, without the file system. */
export const openRawOptionsSchema = z.strictObject({ drivers });

/** Options of `openQcow2`, without the file system. */
export const openQcow2OptionsSchema = z.strictObject({ parents, drivers });

/** Options of `openDiskImage`, without the file system. */
export const openDiskImageOptionsSchema = z.strictObject({ format: format.optional(), parents, drivers });

/** The option of `createDiskImage` that is not the format's own: each format checks the rest. */
export const createDiskImageOptionsSchema = z.strictObject({ format });
