import type { Json } from '@sendense/core';
import { SendenseError } from '@sendense/core';
import { z } from 'zod';
import type { TargetPlace } from './open-target.ts';

const schema = z.object({
  schema: z.literal(1),
  repository: z.string().min(1),
  target: z.object({
    kind: z.literal('image'),
    path: z.string().min(1),
    format: z.enum(['raw', 'qcow2']).nullable(),
  }),
});

/** What a restore job remembers, so that another process can open its repository and target again. */
export type RestoreHost = { readonly repository: string; readonly target: TargetPlace };

/** The JSON that is kept with the job. */
export function serializeRestoreHost({ repository, target }: RestoreHost): Json {
  return { schema: 1, repository, target };
}

/** Reads it back. Throws `FORMAT_UNSUPPORTED` for a job that another program, or a newer version, started. */
export function parseRestoreHost(json: Json): RestoreHost {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new SendenseError('FORMAT_UNSUPPORTED', 'the job does not say where its repository and target are', {
    operation: 'resume-restore',
    remedy: 'resume it with the program that started it',
  });
}
