import { SendenseError } from '@sendense/core';
import { z } from 'zod';

/** Options of the converter. */
export const qemuImgConverterOptionsSchema = z.strictObject({
  /** The program, by name or path. */
  program: z.string().min(1).default('qemu-img'),
  /**
   * Let `qemu-img` open the files that a source names: backing files, extents, data files. It opens whatever the name says, so
   * only for sources that are trusted.
   */
  allowOtherFiles: z.boolean().default(false),
});

/** See {@link qemuImgConverterOptionsSchema}; every field may be left out. */
export type QemuImgConverterOptions = z.input<typeof qemuImgConverterOptionsSchema>;
/** Options with their defaults. */
export type CheckedOptions = z.output<typeof qemuImgConverterOptionsSchema>;

/** Fills in the defaults. Throws `CONFIG_INVALID` naming each wrong field. */
export function checkOptions(options: QemuImgConverterOptions): CheckedOptions {
  const checked = qemuImgConverterOptionsSchema.safeParse(options);
  if (checked.success) return checked.data;
  throw new SendenseError('CONFIG_INVALID', `the qemu-img converter: ${z.prettifyError(checked.error)}`, {
    operation: 'check-options',
    remedy: 'correct the options',
  });
}
