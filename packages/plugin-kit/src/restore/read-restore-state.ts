import { type RestoreState, SendenseError } from '@sendense/core';
import type { z } from 'zod';

/**
 * The data of a restore that is resumed, as the connector saved it under `schema`. Throws `FORMAT_UNSUPPORTED` for the state of
 * another connector or version.
 */
export function readRestoreState<Data>(state: RestoreState, schema: string, data: z.ZodType<Data>): Data {
  const parsed = state.schema === schema ? data.safeParse(state.data) : undefined;
  if (parsed?.success === true) return parsed.data;
  throw new SendenseError('FORMAT_UNSUPPORTED', `the state of the restore (${state.schema}) cannot be read`, {
    operation: 'resume-restore',
    remedy: 'resume with the version that began the restore, or roll it back and start again',
  });
}
