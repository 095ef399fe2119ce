import { SendenseError } from '@sendense/core';
import { z } from 'zod';

/** Options of the native driver. */
export const nativeDriverOptionsSchema = z
  .strictObject({
    /** Bytes that each thread of a transfer holds. A multiple of 4096. */
    windowBytes: z
      .int()
      .min(64 * 1024)
      .max(16 * 1024 * 1024)
      .multipleOf(4096)
      .default(1024 * 1024),
    /** Threads of one transfer. */
    threads: z.int().min(1).max(16).default(2),
  })
  .prefault({});

/** See {@link nativeDriverOptionsSchema}; every field may be left out. */
export type NativeDriverOptions = z.input<typeof nativeDriverOptionsSchema>;
/** Options with their defaults. */
export type CheckedOptions = z.output<typeof nativeDriverOptionsSchema>;

/** Fills in the defaults. Throws `CONFIG_INVALID` naming each wrong field. */
export function checkOptions(options: NativeDriverOptions): CheckedOptions {
  const checked = nativeDriverOptionsSchema.safeParse(options);
  if (checked.success) return checked.data;
  throw new SendenseError('CONFIG_INVALID', `the native driver: ${z.prettifyError(checked.error)}`, {
    operation: 'check-options',
    remedy: 'correct the options',
  });
}
