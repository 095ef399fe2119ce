import { SendenseError } from '@sendense/core';
import { z } from 'zod';

const path = z.string().min(1).max(4096);

/** Options of the image target: one file for one disk, or a folder for several. */
export const imageTargetOptionsSchema = z.strictObject({
  /** A file, or a folder (an existing one, or a name that ends with `/`) that gets `disk-N.<format>`. */
  path,
  /** Format of the files; by the file's name, else QCOW2, or raw where devices are allowed. */
  format: z.enum(['raw', 'qcow2', 'vmdk', 'vhd', 'vhdx']).optional(),
  /** Kind of VMDK, VHD and VHDX files, as `qemu-img` names it; the format's usual one when not given. */
  subformat: z.enum(['monolithicSparse', 'streamOptimized', 'dynamic', 'fixed']).optional(),
  /** Compress the clusters of QCOW2 files. */
  compression: z.enum(['zlib', 'zstd']).optional(),
  /** Allow `path` to be a block device, whose content is overwritten in place. */
  allowDevice: z.boolean().default(false),
  /** Files and folders that are never written to: the source, the repository. */
  protect: z.array(path).max(64).default([]),
  /** How much is written to a raw file before it is made durable, so that a resumed restore goes on from there. */
  checkpointBytes: z
    .int()
    .min(1024 * 1024)
    .default(1024 * 1024 * 1024),
  /**
   * Let `rollback` remove finished files that replaced nothing: for a target that composes this one and whose own commit
   * can still fail.
   */
  undoFinished: z.boolean().default(false),
  /** Prefix of the ids of our plans, by which `reconcile` knows what is ours. */
  owner: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/)
    .default('sendense'),
});

/** See {@link imageTargetOptionsSchema}; all but `path` may be left out. */
export type ImageTargetOptions = z.input<typeof imageTargetOptionsSchema>;
/** Options with their defaults. */
export type CheckedOptions = z.output<typeof imageTargetOptionsSchema>;

/** Fills in the defaults. Throws `CONFIG_INVALID` naming each wrong field. */
export function checkOptions(options: ImageTargetOptions): CheckedOptions {
  const checked = imageTargetOptionsSchema.safeParse(options);
  if (checked.success) return checked.data;
  throw new SendenseError('CONFIG_INVALID', `the image target: ${z.prettifyError(checked.error)}`, {
    operation: 'check-options',
    remedy: 'correct the options',
  });
}
