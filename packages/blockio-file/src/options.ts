import { SendenseError } from '@sendense/core';
import { z } from 'zod';

/** Options of the file driver. */
export const fileDriverOptionsSchema = z
  .strictObject({
    /** Bytes of one buffer of a transfer; four are in use at once. A multiple of 4096. */
    bufferBytes: z
      .int()
      .min(64 * 1024)
      .max(16 * 1024 * 1024)
      .multipleOf(4096)
      .default(1024 * 1024),
    /** Whether large writes of a file go past the page cache, where its file system can. */
    pastCache: z.boolean().default(true),
  })
  .prefault({});

/** See {@link fileDriverOptionsSchema}; every field may be left out. */
export type FileDriverOptions = z.input<typeof fileDriverOptionsSchema>;
/** Options with their defaults. */
export type CheckedOptions = z.output<typeof fileDriverOptionsSchema>;

/** Fills in the defaults. Throws `CONFIG_INVALID` naming each wrong field. */
export function checkOptions(options: FileDriverOptions): CheckedOptions {
  const checked = fileDriverOptionsSchema.safeParse(options);
  if (checked.success) return checked.data;
  throw new SendenseError('CONFIG_INVALID', `the file driver: ${z.prettifyError(checked.error)}`, {
    operation: 'check-options',
    remedy: 'correct the options',
  });
}
