import { SendenseError } from '@sendense/core';
import { z } from 'zod';
import { vmwareTargetOptionsSchema } from '../options.ts';

const path = z.string().min(1).max(4096);
const machine = vmwareTargetOptionsSchema.shape;

/** Options of the OVF target: one package of one machine. */
export const ovaTargetOptionsSchema = z.strictObject({
  /** `NAME.ova` is one file; a name that ends with `/` is a folder of `NAME.ovf`, `NAME.mf` and the disks, which the target makes. */
  path: path.regex(/(?:\.ova|[^/]\/)$/i, 'ends with .ova (one file) or with / (a folder)'),
  /** Name of the machine; its own without it. */
  name: z.string().min(1).max(255).optional(),
  /** `new`: whoever imports the package makes new addresses. */
  macAddresses: machine.macAddresses,
  firmware: machine.firmware,
  guestId: machine.guestId,
  scsiController: machine.scsiController,
  /** Version of the virtual hardware: 13 is of ESXi 6.5, the first with secure boot and NVMe. */
  hardwareVersion: z.int().min(13).max(99).default(13),
  /** Files and folders that are never written to: the repository. */
  protect: z.array(path).max(64).default([]),
  /** Prefix of the ids of our plans, by which `reconcile` knows what is ours. */
  owner: machine.owner,
});

/** See {@link ovaTargetOptionsSchema}; all but `path` may be left out. */
export type OvaTargetOptions = z.input<typeof ovaTargetOptionsSchema>;
/** Options with their defaults. */
export type CheckedOvaOptions = z.output<typeof ovaTargetOptionsSchema>;

/** Fills in the defaults. Throws `CONFIG_INVALID` naming each wrong field. */
export function parseOvaTargetOptions(options: unknown): CheckedOvaOptions {
  const checked = ovaTargetOptionsSchema.safeParse(options);
  if (checked.success) return checked.data;
  throw new SendenseError('CONFIG_INVALID', `the OVF target: ${z.prettifyError(checked.error)}`, {
    operation: 'check-options',
    remedy: 'correct the options',
  });
}
