import { type Json, type RestorePlan, SendenseError } from '@sendense/core';
import { z } from 'zod';
import { diskSeatSchema, machineDesignSchema } from '../design/machine-design.ts';

const objectSchema = z.object({ type: z.string().min(1), id: z.string().min(1) });

const name = z.string().min(1);

const detailsSchema = z.object({
  schema: z.literal(1),
  /** The server that the places are of. */
  server: z.string().min(1),
  name: z.string().min(1),
  datacenter: objectSchema,
  datacenterPath: z.string(),
  datastore: z.string().min(1),
  pool: objectSchema,
  folder: objectSchema,
  host: objectSchema.nullable(),
  /** Whether files of the datastore can be read: not of vSAN and vVol. */
  hasFiles: z.boolean(),
  via: z.enum(['lease', 'datastore']),
  provisioning: z.enum(['thin', 'thick']),
  machine: machineDesignSchema,
  seats: z.array(diskSeatSchema).min(1).max(256),
  /** Of the server; plans of before have none. */
  tags: z.array(z.object({ id: name, category: name, name })).default([]),
});

/** What `check` decided and `begin` needs, kept as the `options` of the plan. */
export type PlanDetails = z.infer<typeof detailsSchema>;

/** The options of a plan. */
export function serializeDetails(details: PlanDetails): Json {
  return details;
}

/** Throws `CONFIG_INVALID` for a plan that another target made, or this one for another server. */
export function parseDetails({ options, disks }: RestorePlan, server: string): PlanDetails {
  const parsed = detailsSchema.safeParse(options);
  const fits = parsed.success && parsed.data.seats.length === disks.length && parsed.data.server === server;
  if (fits) return parsed.data;
  throw new SendenseError('CONFIG_INVALID', 'the plan was not made by a VMware target of this server', {
    operation: 'begin-restore',
    remedy: 'begin with the plan that check() of this target gives',
  });
}
