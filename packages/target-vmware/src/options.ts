import { SendenseError } from '@sendense/core';
import { z } from 'zod';

const name = z.string().min(1).max(255);
const place = z.string().min(1).max(1024).optional();

/** What a network of the old machine becomes: a network or port group by its name, or `none` (the card is left out). */
const networkSchema = z.union([z.literal('none'), z.strictObject({ network: name })]);

/** Options of the VMware target: one place of one vCenter, or of one ESXi on its own. */
export const vmwareTargetOptionsSchema = z
  .strictObject({
    /** `vc.example`, `vc.example:8443` or `https://vc.example`. */
    address: z.string().min(1).max(512),
    /** E.g. `restore@vsphere.local`, or `root` on an ESXi. */
    user: z.string().min(1).max(512),
    /** Name of the secret that holds the password. */
    passwordSecret: z.string().min(1).max(256).default('vmware-password'),
    /** PEM of the authorities to trust instead of those of Node. */
    caPem: z.string().min(1).optional(),
    /** SHA-256 or SHA-1 of the one certificate to trust. */
    thumbprint: z.string().min(1).max(256).optional(),
    /** Name of the new machine, and of its folder on the datastore. */
    name: z.string().regex(/^[^\\/%[\]\p{Cc}]{1,80}$/u, 'has 1 to 80 characters, without / \\ % [ ]'),
    /** Name or way from the top; not needed where there is one. */
    datacenter: place,
    /** Not needed where there is one. */
    datastore: place,
    /** A cluster, or a pool by its name or way; not needed where there is one. */
    pool: place,
    /** Below the machines of the datacenter; the topmost one without it. */
    folder: place,
    /** A host of the pool; vSphere chooses without it. */
    host: place,
    /** Networks of the machine, by name, and what they become here. */
    networks: z.record(name, networkSchema).default({}),
    /** What every other network becomes; without it a network of the same name, else the card is left out. */
    defaultNetwork: networkSchema.optional(),
    /** `new`: vSphere makes new addresses, for a copy that runs beside the machine it was made of. */
    macAddresses: z.enum(['keep', 'new']).default('keep'),
    /** How disks take space of the datastore. */
    provisioning: z.enum(['thin', 'thick']).default('thin'),
    /**
     * `lease`: the host takes each disk compressed, and makes it on any datastore. `datastore`: flat disks are put on a VMFS or NFS
     * datastore whole, zeros too.
     */
    via: z.enum(['lease', 'datastore']).default('lease'),
    /** Boot with another firmware than the machine had. */
    firmware: z.enum(['bios', 'uefi', 'uefi-secure']).optional(),
    /** Identifier of the guest as vSphere has it, e.g. `ubuntu64Guest`; by the guest of the machine without it. */
    guestId: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/)
      .optional(),
    /** Type of SCSI controllers; by the guest of the machine without it. */
    scsiController: z.enum(['pvscsi', 'lsilogic-sas', 'lsilogic']).optional(),
    /**
     * Folder of this installation, where the target keeps an id of it: `reconcile` then leaves the restores of other installations
     * alone. Without it those of all that have none are taken for ours.
     */
    stateFolder: z.string().min(1).max(4096).optional(),
    /** Prefix of the ids of our plans, by which `reconcile` knows what is ours. */
    owner: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/)
      .default('sendense'),
  })
  .refine((options) => options.caPem === undefined || options.thumbprint === undefined, {
    message: 'give caPem or thumbprint, not both',
  });

/** See {@link vmwareTargetOptionsSchema}. */
export type VmwareTargetOptions = z.input<typeof vmwareTargetOptionsSchema>;
/** Options with their defaults. */
export type CheckedOptions = z.output<typeof vmwareTargetOptionsSchema>;

/** Fills in the defaults. Throws `CONFIG_INVALID` naming each wrong field. */
export function parseVmwareTargetOptions(options: unknown): CheckedOptions {
  const checked = vmwareTargetOptionsSchema.safeParse(options);
  if (checked.success) return checked.data;
  throw new SendenseError('CONFIG_INVALID', `the VMware target: ${z.prettifyError(checked.error)}`, {
    operation: 'check-options',
    remedy: 'correct the options',
  });
}
