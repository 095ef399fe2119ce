import { SendenseError } from '@sendense/core';
import { z } from 'zod';
import { openDiskImageOptionsSchema } from '../options.ts';

/** Options of `createFormatConverter` that are plain values. */
export const formatConverterOptionsSchema = openDiskImageOptionsSchema.omit({ format: true }).extend({
  /** Where the disk will be used, when that place rounds sizes up: see `SIZE_RULES`. A VHD for `azure` is a fixed one. */
  sizeFor: z.enum(['azure', 'aws']).optional(),
  /**
   * Keep what was converted when a conversion fails or is stopped, in the folder `TARGET.partial`, and go on with it when the
   * same conversion is asked for again, also when it was cut off between the names of a descriptor and its extent.
   */
  resume: z.boolean().default(false),
  /** How much is written before it is made durable and noted, with `resume`. */
  checkpointBytes: z
    .int()
    .min(1024 * 1024)
    .default(256 * 1024 * 1024),
});

/** Plain options with their defaults. */
export type CheckedConverterOptions = z.output<typeof formatConverterOptionsSchema>;

/** Fills in the defaults. Throws `CONFIG_INVALID` naming each wrong field. */
export function checkConverterOptions(
  options: z.input<typeof formatConverterOptionsSchema>,
): CheckedConverterOptions {
  const checked = formatConverterOptionsSchema.safeParse(options);
  if (checked.success) return checked.data;
  throw new SendenseError('CONFIG_INVALID', `a format converter: ${z.prettifyError(checked.error)}`, {
    operation: 'check-options',
    remedy: 'correct the options',
  });
}
