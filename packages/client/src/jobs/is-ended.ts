import type { JobState } from '@sendense/api';

/** Whether a job in this state changes no more. */
export function isEnded(state: JobState): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}
