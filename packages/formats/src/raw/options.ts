import { z } from 'zod';

/** Options of `createRaw` that are plain values. */
export const createRawOptionsSchema = z.strictObject({
  /** Size of the disk, and of the file, in bytes. */
  sizeBytes: z.int().min(0),
});
