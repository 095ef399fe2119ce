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

/** That of the transport `vddk` it is known where VDDK is, as arguments of `refine`. */
export const VDDK_IS_GIVEN = [
  ({ transport, vddk }: { readonly transport: string; readonly vddk?: unknown }): boolean =>
    transport !== 'vddk' || vddk !== undefined,
  { message: 'the transport vddk needs vddk.libdir' },
] as const;

/** How machines are tracked and read: what a configuration file says of a source besides its address and its account. */
export const vmwareSettingsSchema = z
  .strictObject({
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
    /** Minutes for which a task of the server (a snapshot that is taken or removed) may stand still until it is not waited for any more. */
    taskPatienceMinutes: z.int().min(1).max(100_000).default(120),
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
  .refine(...VDDK_IS_GIVEN);

/** See {@link vmwareSettingsSchema}. */
export type VmwareSettings = z.input<typeof vmwareSettingsSchema>;
