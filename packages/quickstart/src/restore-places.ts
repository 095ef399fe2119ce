import { type Json, SendenseError } from '@sendense/core';
import { z } from 'zod';
import type { TargetPlace } from './names/resolve-target.ts';

const placesSchema = z.object({
  schema: z.literal(1),
  repository: z.string().min(1),
  target: z.object({
    kind: z.enum(['image', 'libvirt', 'ova', 'vmware']),
    path: z.string().min(1),
    format: z.enum(['raw', 'qcow2', 'vmdk', 'vhd', 'vhdx']).nullable(),
    name: z.string().min(1).nullable().default(null),
  }),
});

/** Where a restore reads and writes, so that another process can open both again; the command line writes the same. */
export type RestorePlaces = { readonly repository: string; readonly target: TargetPlace };

/** The JSON that is kept with the job. */
export function serializeRestorePlaces(places: RestorePlaces): Json {
  return { schema: 1, ...places };
}

/** Reads it back. Throws `FORMAT_UNSUPPORTED` for a job that another program, or a newer version, started. */
export function parseRestorePlaces(json: Json): RestorePlaces {
  const parsed = placesSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new SendenseError('FORMAT_UNSUPPORTED', 'the job does not say where its repository and target are', {
    operation: 'resume-restore',
    remedy: 'resume it with the program that started it',
  });
}
