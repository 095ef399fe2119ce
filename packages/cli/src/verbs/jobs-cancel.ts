import { type JobOption, jobFlag } from '../program/job-flag.ts';
import { defineServedVerb } from '../verb.ts';
import type { CancelledJob } from '../work/work.ts';

/** `jobs cancel` */
export const jobsCancel = defineServedVerb<JobOption>({
  words: ['jobs', 'cancel'],
  summary: 'ask the process that runs a job to abandon it cleanly',
  flags: jobFlag,
  served: ['--job'],
  async runBy(work, options) {
    const job = await work.cancelJob(options);
    const { id: jobId, status: state, requested } = job;
    return { json: { jobId, state, requested }, lines: [told(job)] };
  },
});

function told({ id, status, requested }: CancelledJob): string {
  if (!requested) return `${id} is ${status} already`;
  return status === 'cancelled' ? `${id} is cancelled` : `asked to cancel ${id}`;
}
