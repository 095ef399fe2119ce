import { z } from 'zod';

/** Options of the file driver. */
export const fileDriverOptionsSchema = z
  .strictObject({
    /** Bytes of one buffer of a transfer; two are in use at once. A multiple of 4096. */
    bufferBytes: z
      .int()
      .min(64 * 1024)
      .max(16 * 1024 * 1024)
      .multipleOf(4096)
      .default(1024 * 1024),
  })
  .prefault({});

/** See {@link fileDriverOptionsSchema}; every field may be left out. */
export type FileDriverOptions = z.input<typeof fileDriverOptionsSchema>;
