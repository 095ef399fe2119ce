import { z } from 'zod';
import { MAX_NAME_LENGTH } from '../names/export-name.ts';

/** A path that stands alone: relative ones would depend on where the service was started. */
const path = z.string().max(4096).startsWith('/', 'must be an absolute path');

const name = z
  .string()
  .max(MAX_NAME_LENGTH)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
    'must be letters, digits, ".", "_" and "-", and begin with one of the first two',
  );

/** A disk of a recovery point. */
const pointSchema = z.strictObject({
  /** Name of the repository, as the opener of the service knows it. */
  repository: z.string().min(1).max(4096),
  id: z.string().min(1).max(128),
  /** The N of `disk-N`. */
  disk: z.int().nonnegative(),
  /** Where the passphrase of an encrypted repository is. */
  passphraseFile: path.optional(),
});

/** A disk image of any format; `parents` are folders that its backing files may lie in. */
const imageSchema = z.strictObject({
  path,
  /** What a raw disk holds can look like another format: without it the content decides. */
  format: z.enum(['raw', 'qcow2', 'vmdk', 'vhd', 'vhdx']).optional(),
  parents: z.array(path).max(64).default([]),
});

/** What a file of the folder says: one export. Exactly one of `point`, `image` and `device` is there. */
export const exportEntrySchema = z
  .strictObject({
    /** Default: as REP-6 names points; of images and devices the name of the file. */
    name: name.optional(),
    point: pointSchema.optional(),
    image: imageSchema.optional(),
    device: z.strictObject({ path }).optional(),
    /** Writes go to an overlay that ends with the export. */
    writable: z.boolean().default(false),
  })
  .refine(({ point, image, device }) => [point, image, device].filter(Boolean).length === 1, {
    error: 'must have exactly one of "point", "image" and "device"',
  });

/** See {@link exportEntrySchema}, as it is read. */
export type ExportEntry = Readonly<z.output<typeof exportEntrySchema>>;
/** See {@link exportEntrySchema}, as it is written. */
export type NewExportEntry = Readonly<z.input<typeof exportEntrySchema>>;
/** A disk of a point, as an entry names it. */
export type PointEntry = Readonly<z.output<typeof pointSchema>>;
/** An image, as an entry names it. */
export type ImageEntry = Readonly<z.output<typeof imageSchema>>;
