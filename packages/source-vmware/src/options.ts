import { SendenseError } from '@sendense/core';
import { z } from 'zod';
import { VDDK_IS_GIVEN, vmwareSettingsSchema } from './settings.ts';

/** Options of the VMware source: one vCenter, or one ESXi on its own. */
export const vmwareSourceOptionsSchema = z
  .strictObject({
    /** `vc.example`, `vc.example:8443` or `https://vc.example`. */
    address: z.string().min(1).max(512),
    /** E.g. `backup@vsphere.local`, or `root` on an ESXi. */
    user: z.string().min(1).max(512),
    /** Name of the secret that holds the password. */
    passwordSecret: z.string().min(1).max(256).default('vmware-password'),
    /** PEM of the authorities to trust instead of those of Node. */
    caPem: z.string().min(1).optional(),
    /** SHA-256 or SHA-1 of the one certificate to trust. */
    thumbprint: z.string().min(1).max(256).optional(),
    ...vmwareSettingsSchema.shape,
  })
  .refine(...VDDK_IS_GIVEN)
  .refine((options) => options.caPem === undefined || options.thumbprint === undefined, {
    message: 'give caPem or thumbprint, not both',
  });

/** See {@link vmwareSourceOptionsSchema}. */
export type VmwareSourceOptions = z.input<typeof vmwareSourceOptionsSchema>;
/** Options with their defaults. */
export type CheckedOptions = z.output<typeof vmwareSourceOptionsSchema>;

/** Fills in the defaults. Throws `CONFIG_INVALID` naming each wrong field. */
export function checkOptions(options: VmwareSourceOptions): CheckedOptions {
  const checked = vmwareSourceOptionsSchema.safeParse(options);
  if (checked.success) return checked.data;
  throw new SendenseError('CONFIG_INVALID', `the VMware source: ${z.prettifyError(checked.error)}`, {
    operation: 'check-options',
    remedy: 'correct the options',
  });
}
