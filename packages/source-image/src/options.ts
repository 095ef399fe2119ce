import { SendenseError } from '@sendense/core';
import { z } from 'zod';

const path = z.string().min(1).max(4096);

const shared = {
  /** Format of the images; found by their content when not given. A raw disk whose guest can write to it needs it. */
  format: z.enum(['raw', 'qcow2', 'vmdk', 'vhd', 'vhdx']).optional(),
  /** Identity of the machine; the real path of its (first) image when not given. Disks are then told apart by file name. */
  machineId: z.string().min(1).max(1024).optional(),
  /** Name for people; the file or folder name when not given. */
  name: z.string().min(1).max(1024).optional(),
  /** Folders from which backing files may be opened; none when not given. */
  parents: z.strictObject({ folders: z.array(path).min(1).max(64) }).optional(),
  /** `auto`: keep a dirty bitmap in each QCOW2 image that can hold one. `off`: never write to an image. */
  track: z.enum(['auto', 'off']).default('auto'),
};

/** Options of the image source: one machine, whose disks are a file, a list of files, or the images of a folder. */
export const imageSourceOptionsSchema = z.union([
  z.strictObject({
    /** An image, a folder of images, or a list of images in the order of their slots. */
    path: z.union([path, z.array(path).min(1).max(256)]),
    ...shared,
  }),
  z.strictObject({
    /** A folder whose images are the disks, ordered by name. */
    folder: path,
    ...shared,
  }),
]);

/** See {@link imageSourceOptionsSchema}. */
export type ImageSourceOptions = z.input<typeof imageSourceOptionsSchema>;
/** Options with their defaults. */
export type CheckedOptions = z.output<typeof imageSourceOptionsSchema>;

/** Fills in the defaults. Throws `CONFIG_INVALID` naming each wrong field. */
export function checkOptions(options: ImageSourceOptions): CheckedOptions {
  const checked = imageSourceOptionsSchema.safeParse(options);
  if (checked.success) return checked.data;
  throw new SendenseError('CONFIG_INVALID', `the image source: ${z.prettifyError(checked.error)}`, {
    operation: 'check-options',
    remedy: 'correct the options',
  });
}
