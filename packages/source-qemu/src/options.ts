import { SendenseError } from '@sendense/core';
import { z } from 'zod';

const path = z.string().min(1).max(4096);

const shared = {
  /** Identity of the machine (a lower-case UUID); asked from QEMU when not given. */
  machineId: z.uuid().optional(),
  /** Name for people; asked from QEMU when not given. */
  name: z.string().min(1).max(1024).optional(),
  /** Folder for scratch files, which hold what the guest overwrites during a backup; beside each image when not given. */
  scratch: path.optional(),
  /** `auto`: keep a dirty bitmap in each QCOW2 disk. `off`: no bitmap is made or used, every backup reads all. */
  track: z.enum(['auto', 'off']).default('auto'),
  /** The most bitmaps of ours in one disk: each costs the guest memory and a little speed. */
  maxBaselines: z.int().min(1).max(16).default(3),
};

const addressSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('unix'), path }),
  z.strictObject({
    kind: z.literal('tcp'),
    host: z.string().min(1).max(255),
    port: z.int().min(1).max(65_535),
  }),
]);

/** Options of the QEMU source: one running machine, reached by its monitor or through the libvirt that manages it. */
export const qemuSourceOptionsSchema = z.union([
  z.strictObject({
    /** Socket of a QMP monitor (`-qmp unix:PATH,server=on,wait=off`). Never of a domain of libvirt. */
    qmp: path,
    /** Address of the NBD server that runs in this QEMU already; when not given, one is started for the backup. */
    nbd: addressSchema.optional(),
    /** The longest wait, in milliseconds, for the monitor while another client has it. */
    monitorWaitMs: z.int().min(1).max(600_000).default(30_000),
    ...shared,
  }),
  z.strictObject({
    libvirt: z.strictObject({
      /** Name or UUID of the domain. */
      domain: z.string().min(1).max(1024),
      /** Connection URI; the NBD socket must be reachable from here, so the libvirt of this machine. */
      uri: z.string().min(1).max(4096).default('qemu:///system'),
    }),
    ...shared,
  }),
]);

/** See {@link qemuSourceOptionsSchema}. */
export type QemuSourceOptions = z.input<typeof qemuSourceOptionsSchema>;
/** Options with their defaults. */
export type CheckedOptions = z.output<typeof qemuSourceOptionsSchema>;

/** Fills in the defaults. Throws `CONFIG_INVALID` naming each wrong field. */
export function checkOptions(options: QemuSourceOptions): CheckedOptions {
  const checked = qemuSourceOptionsSchema.safeParse(options);
  if (checked.success) return checked.data;
  throw new SendenseError('CONFIG_INVALID', `the QEMU source: ${z.prettifyError(checked.error)}`, {
    operation: 'check-options',
    remedy: 'correct the options',
  });
}
