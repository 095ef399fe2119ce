import { z } from 'zod';

/** Buses of the neutral model. */
export const diskBusSchema = z.enum(['virtio', 'scsi', 'sata', 'ide', 'nvme', 'unknown']);

/** Position of a disk: bus, controller and unit numbers, boot order (1 = first). Identity is `DiskId`. */
export const diskSlotSchema = z.object({
  bus: diskBusSchema,
  controller: z.int().nonnegative(),
  unit: z.int().nonnegative(),
  bootOrder: z.int().positive().optional(),
});

/** See {@link diskSlotSchema}. */
export type DiskSlot = Readonly<z.infer<typeof diskSlotSchema>>;
