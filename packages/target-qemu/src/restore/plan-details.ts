import { type Json, type RestorePlan, SendenseError } from '@sendense/core';
import { z } from 'zod';
import { diskPlaceSchema } from './disk-place.ts';

const detailsSchema = z.object({
  schema: z.literal(1),
  places: z.array(diskPlaceSchema).min(1).max(1024),
  /** The domain to define at the commit; `null` where none is made. */
  domain: z
    .object({
      name: z.string().min(1),
      uuid: z.uuid(),
      xml: z
        .string()
        .min(1)
        .max(1024 * 1024),
      /** Where the UEFI variables of the point go. */
      nvramPath: z.string().min(1).max(4096).nullable(),
      /** The domain replaces one. */
      replaces: z.boolean(),
    })
    .nullable(),
  /** The domain whose disks are replaced; `null` where it is none. */
  existing: z.object({ uuid: z.uuid(), name: z.string().min(1) }).nullable(),
});

/** What `check` decided and `begin` needs, kept as the `options` of the plan. */
export type PlanDetails = z.infer<typeof detailsSchema>;

/** The options of a plan. */
export function serializeDetails(details: PlanDetails): Json {
  return details;
}

/** Throws `CONFIG_INVALID` for a plan that another target made. */
export function parseDetails({ options, disks }: RestorePlan): PlanDetails {
  const parsed = detailsSchema.safeParse(options);
  if (parsed.success && parsed.data.places.length === disks.length) return parsed.data;
  throw new SendenseError('CONFIG_INVALID', 'the plan was not made by a libvirt target', {
    operation: 'begin-restore',
    remedy: 'begin with the plan that check() of this target gives',
  });
}
