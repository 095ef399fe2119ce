import { z } from 'zod';
import { drivers } from '../options.ts';

/** Options of `createRaw` that are plain values. */
export const createRawOptionsSchema = z.strictObject({
  /** Size of the disk, and of the file, in bytes. */
  sizeBytes: z.int().min(0),
  drivers,
});
