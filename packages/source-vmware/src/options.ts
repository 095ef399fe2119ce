import { SendenseError } from '@sendense/core';
import { z } from 'zod';
import { TRANSPORTS } from './transport/transport.ts';

/** How nbdkit runs VDDK. */
const vddkSchema = z.strictObject({
  /** Folder of VDDK, `vmware-vix-disklib-distrib`. */
  libdir: z.string().min(1).max(1024),
  /** The program; default `nbdkit`. */
  nbdkit: z.string().min(1).max(1024).optional(),
  /** SHA-1 of the certificate of the server, where `thumbprint` is none. */
  thumbprint: z.string().min(1).max(256).optional(),
  /** Ways of VDDK to try, e.g. `nbdssl:hotadd`; VDDK chooses by itself without. */
  transports: z
    .string()
    .regex(/^[a-z]+(?::[a-z]+)*$/)
    .max(64)
    .optional(),
});

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
    /**
     * `auto`: change tracking is switched on where it is off, and off and on again where a disk got another size, by which all other
     * backups of the machine read all of it once. `repair`: besides, so is one that is found broken. `existing`: it is used where it is
     * on. `off`: every backup reads all.
     */
    track: z.enum(['auto', 'repair', 'existing', 'off']).default('auto'),
    /** `thin`: of thin disks only the areas in use are read in full backups, as the server tells them. `off`: all is read. */
    areasInUse: z.enum(['off', 'thin']).default('off'),
    /** The most snapshots that a machine may have for another to be taken; vSphere ends at 32. */
    maxSnapshots: z.int().min(0).max(31).default(8),
    /** Hours after which a snapshot of anybody is warned of: the disks below it grow slow. */
    oldSnapshotHours: z.int().min(1).max(100_000).default(72),
    /**
     * How disks are read. `datastore`: ranges of their files from the server. `host`: these from the ESXi host itself, by tickets;
     * what it does not give is read as by `auto`. `lease`: an export lease, which sends whole disks. `vddk`: by VDDK. `auto`: the first
     * of `datastore`, `vddk` where it is given, and `lease` that the datastore and the rights allow.
     */
    transport: z.enum(['auto', ...TRANSPORTS]).default('auto'),
    /** Addresses of ESXi hosts that are not reached by their names in vCenter: `{ 'esx1.lan': '10.0.0.7:8443' }`. */
    hostAddresses: z.record(z.string().min(1).max(256), z.string().min(1).max(256)).default({}),
    /** VDDK of VMware, which the user brings, run by nbdkit. */
    vddk: vddkSchema.optional(),
    /** The most reads at once from all datastores. */
    maxReads: z.int().min(1).max(64).default(8),
  })
  .refine(({ transport, vddk }) => transport !== 'vddk' || vddk !== undefined, {
    message: 'the transport vddk needs vddk.libdir',
  })
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
