import { SendenseError } from '@sendense/core';
import { z } from 'zod';

const path = z.string().min(1).max(4096);
const name = z.string().min(1).max(255);

/** What a network of the old machine becomes: a libvirt network, a bridge of the host, or `none` (the card is left out). */
const networkSchema = z.union([
  z.literal('none'),
  z.strictObject({ network: name }),
  z.strictObject({ bridge: name }),
]);

/** Options of the libvirt target. */
export const qemuTargetOptionsSchema = z.strictObject({
  /** Name of the domain, and the beginning of the names of its files. */
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9 _.+-]{0,99}$/,
      'starts with a letter or digit, at most 100 of A-Z a-z 0-9 space _ . + -',
    ),
  /** Connection URI of libvirt. */
  uri: z.string().min(1).max(1024).default('qemu:///system'),
  /** An existing folder for the disks; QEMU must be able to read it. */
  folder: path.default('/var/lib/libvirt/images'),
  /** Format of new disks. */
  format: z.enum(['raw', 'qcow2']).default('qcow2'),
  /** Compress the clusters of QCOW2 files. */
  compression: z.enum(['zlib', 'zstd']).optional(),
  /** `qemu` emulates the processor: slow, and possible without hardware virtualisation. */
  domainType: z.enum(['kvm', 'qemu']).default('kvm'),
  /** A machine type of the host (`virsh capabilities`); chosen by firmware and buses without it. */
  machineType: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
    .optional(),
  /** Boot with another firmware than the machine had. */
  firmware: z.enum(['bios', 'uefi', 'uefi-secure']).optional(),
  /** Networks of the machine, by name, and what they become here. */
  networks: z.record(name, networkSchema).default({}),
  /** What every other network becomes; without it a network of the same name, else the card is left out. */
  defaultNetwork: networkSchema.optional(),
  /** `new`: libvirt makes new addresses, for a copy that runs beside the machine it was made of. */
  macAddresses: z.enum(['keep', 'new']).default('keep'),
  /** A VNC screen on a socket that libvirt makes for its own clients. */
  screen: z.boolean().default(true),
  /** `existing-disks`: disks of the point (`disk-0`) and the disks of the domain (`vda`) that they replace. */
  diskMap: z.record(z.string().regex(/^disk-\d{1,4}$/), z.string().regex(/^[a-z]{2,8}\d{0,3}$/)).default({}),
  /** Files and folders that are never written to: the source, the repository. */
  protect: z.array(path).max(64).default([]),
  /** How much is written to a raw file before it is made durable, so that a resumed restore goes on from there. */
  checkpointBytes: z
    .int()
    .min(1024 * 1024)
    .default(1024 * 1024 * 1024),
  /** Prefix of the ids of our plans, by which `reconcile` knows what is ours. */
  owner: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/)
    .default('sendense'),
});

/** See {@link qemuTargetOptionsSchema}; all but `name` may be left out. */
export type QemuTargetOptions = z.input<typeof qemuTargetOptionsSchema>;
/** Options with their defaults. */
export type CheckedOptions = z.output<typeof qemuTargetOptionsSchema>;
/** What a network becomes. */
export type NetworkChoice = z.output<typeof networkSchema>;

/** Fills in the defaults. Throws `CONFIG_INVALID` naming each wrong field. */
export function parseQemuTargetOptions(options: unknown): CheckedOptions {
  const checked = qemuTargetOptionsSchema.safeParse(options);
  if (checked.success) return checked.data;
  throw new SendenseError('CONFIG_INVALID', `the libvirt target: ${z.prettifyError(checked.error)}`, {
    operation: 'check-options',
    remedy: 'correct the options',
  });
}
