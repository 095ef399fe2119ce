import { z } from 'zod';
import { diskSlotSchema } from '../machine/disk-slot.ts';
import { machineRefSchema } from '../machine/machine-ref.ts';
import { machineSpecSchema } from '../machine/machine-spec.ts';
import { diskId, instantId, planId } from '../values/identifiers.ts';

const plannedDiskSchema = z.object({
  id: z.string().transform(diskId),
  number: z.int().nonnegative(),
  slot: diskSlotSchema,
  sizeBytes: z.int().nonnegative(),
  sectorBytes: z.union([z.literal(512), z.literal(4096)]),
  /** Size at the target: rounded up to its rules, never below `sizeBytes`. */
  targetSizeBytes: z.int().nonnegative(),
  /** Where it will be, in the target's words. */
  location: z.string().max(4096),
});

/** Everything `begin` needs, as plain JSON: it is journalled, and read again to resume. */
export const restorePlanSchema = z.object({
  schema: z.literal(1),
  id: z.string().transform(planId),
  platform: z.string().min(1).max(64),
  into: z.enum(['new-machine', 'disks-only', 'existing-disks']),
  base: z.string().transform(instantId).optional(),
  existing: machineRefSchema.optional(),
  overwrite: z.boolean(),
  start: z.boolean(),
  spec: machineSpecSchema,
  disks: z.array(plannedDiskSchema).min(1).max(1024),
  options: z.json(),
});

/** See {@link restorePlanSchema}. */
export type RestorePlan = z.infer<typeof restorePlanSchema>;
/** A disk of a plan. */
export type PlannedDisk = RestorePlan['disks'][number];
