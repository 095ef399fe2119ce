import type { SendenseError } from '@sendense/core';
import type { Job } from '../events/job.ts';
import { toSendenseError } from '../jobs/to-sendense-error.ts';

/** What ends the work on one stream only. Rethrows what ends all of it. */
export function failureOf(job: Job, thrown: unknown): SendenseError {
  const error = toSendenseError(thrown, 'copy-points', job.signal);
  if (error.code === 'ABORTED' || error.code === 'FENCED') throw error;
  return error;
}
