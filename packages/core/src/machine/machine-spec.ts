import { z } from 'zod';
import { diskSlotSchema } from './disk-slot.ts';

const text = z.string().max(1024);

/** Firmware a machine boots with. */
export const firmwareSchema = z.enum(['bios', 'uefi', 'uefi-secure', 'unknown']);
/** See {@link firmwareSchema}. */
export type Firmware = z.infer<typeof firmwareSchema>;

const diskSchema = z.object({
  id: z.string().min(1).max(256),
  label: text.optional(),
  slot: diskSlotSchema,
  sizeBytes: z.int().nonnegative(),
  sectorBytes: z.union([z.literal(512), z.literal(4096)]),
  readOnly: z.boolean().optional(),
});

const nicSchema = z.object({
  label: text.optional(),
  macAddress: text.optional(),
  model: text.optional(),
  network: text.optional(),
  connected: z.boolean().optional(),
});

/**
 * The neutral machine model. Vendor leftovers belong in the `native-config` artifact; no user-data, no passwords.
 * `schema` grows by optional fields only; a reader refuses a newer number.
 */
export const machineSpecSchema = z.object({
  schema: z.literal(1),
  name: z.string().min(1).max(1024),
  platform: z.string().min(1).max(64),
  firmware: firmwareSchema,
  architecture: z.enum(['x86_64', 'aarch64', 'unknown']),
  cpu: z
    .object({
      sockets: z.int().positive(),
      coresPerSocket: z.int().positive(),
      threadsPerCore: z.int().positive(),
    })
    .optional(),
  memoryBytes: z.int().positive().optional(),
  guest: z
    .object({ family: z.enum(['linux', 'windows', 'bsd', 'other', 'unknown']), name: text.optional() })
    .optional(),
  disks: z.array(diskSchema).max(1024),
  nics: z.array(nicSchema).max(256),
  tpm: z.boolean().optional(),
  tags: z.record(text, text).optional(),
  placement: z.record(text, text).optional(),
});

/** See {@link machineSpecSchema}. */
export type MachineSpec = z.infer<typeof machineSpecSchema>;
/** A disk of the neutral model. */
export type MachineDisk = MachineSpec['disks'][number];
