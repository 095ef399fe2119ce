import { z } from 'zod';
import { openQcow2OptionsSchema } from '../options.ts';
import { SUBFORMATS } from '../subformats.ts';

/** Options of `openVmdk`, without the file system: those of every format with parents. */
export const openVmdkOptionsSchema = openQcow2OptionsSchema;

/** What every new VMDK image takes. */
const common = {
  /** The controller that the descriptor names; importers may choose another. */
  adapterType: z.enum(['lsilogic', 'buslogic', 'ide', 'pvscsi']).default('lsilogic'),
  /** Content id: eight hexadecimal digits, by which children know their parent. A new one when not given. */
  contentId: z
    .string()
    .regex(/^[0-9a-f]{8}$/, 'must be eight hexadecimal digits in lower case')
    .refine((id) => id !== 'ffffffff' && id !== 'fffffffe', 'must not be ffffffff or fffffffe')
    .optional(),
};

/** Options of `createVmdk` that are plain values. */
export const createVmdkOptionsSchema = z.strictObject({
  /** Size of the disk in bytes; rounded up to a multiple of 512. */
  sizeBytes: z.int().min(1),
  subformat: z.enum(SUBFORMATS.vmdk).default('monolithicSparse'),
  /** Name that the descriptor of a single file gives to it, where that is not the one it is made under. */
  name: z
    .string()
    .regex(/^[^"\n\r\0]{1,255}$/, 'must have 1 to 255 characters, without quotes and line ends')
    .optional(),
  ...common,
});

/** Options of `streamVmdk` that are plain values. */
export const streamVmdkOptionsSchema = z.strictObject({
  /** Name that the descriptor gives to the file. Importers do not look at it. */
  name: z
    .string()
    .regex(/^[^"\n\r\0]{1,255}$/, 'must have 1 to 255 characters, without quotes and line ends')
    .default('disk.vmdk'),
  ...common,
});
