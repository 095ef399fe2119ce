import { type DiskFormat, SendenseError } from '@sendense/core';
import { z } from 'zod';
import { formatOf } from './destination.ts';

const path = z.string().min(1).max(4096);

/** Options of the image target: one file for one disk, or a folder for several. */
export const imageTargetOptionsSchema = z.strictObject({
  /** A file, or a folder (an existing one, or a name that ends with `/`) that gets `disk-N.<format>`. */
  path,
  /** Format of the files; by the file's name, else QCOW2, or raw where devices are allowed. */
  format: z.enum(['raw', 'qcow2', 'vmdk', 'vhd', 'vhdx']).optional(),
  /** Kind of VMDK (`monolithicSparse`, `streamOptimized`), VHD and VHDX files (`dynamic`, `fixed`); the first when not given. */
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

const blocks = z.strictObject({ subformat: z.enum(['dynamic', 'fixed']).optional() });

/** What can be chosen of the files of each format. */
const FILE_OPTIONS = {
  raw: z.strictObject({}),
  qcow2: z.strictObject({ compression: imageTargetOptionsSchema.shape.compression }),
  vmdk: z.strictObject({ subformat: z.enum(['monolithicSparse', 'streamOptimized']).optional() }),
  vhd: blocks,
  vhdx: blocks,
} as const satisfies Record<DiskFormat, z.ZodType>;

/** Fills in the defaults. Throws `CONFIG_INVALID` naming each wrong field, and what does not fit the format of the files. */
export function checkOptions(options: ImageTargetOptions): CheckedOptions {
  const checked = imageTargetOptionsSchema.safeParse(options);
  if (!checked.success) throw wrong('the image target', checked.error);
  const { subformat, compression } = checked.data;
  const format = formatOf(checked.data);
  const chosen = { ...(subformat && { subformat }), ...(compression && { compression }) };
  const fitting = FILE_OPTIONS[format].safeParse(chosen);
  if (!fitting.success) throw wrong(`${format} files of the image target`, fitting.error);
  return checked.data;
}

function wrong(what: string, error: z.ZodError): SendenseError {
  return new SendenseError('CONFIG_INVALID', `${what}: ${z.prettifyError(error)}`, {
    operation: 'check-options',
    remedy: 'correct the options',
  });
}
