import { type JobOption, jobFlag } from '../program/job-flag.ts';
import { defineServedVerb } from '../verb.ts';

/** `jobs cancel` */
export const jobsCancel = defineServedVerb<JobOption>({
  words: ['jobs', 'cancel'],
  summary: 'ask the process that runs a job to abandon it cleanly',
  flags: jobFlag,
  served: ['--job'],
  async runBy(work, options) {
    const { id, status } = await work.cancelJob(options);
    const running = status === 'running' || status === 'pending';
    return {
      json: { jobId: id, state: status, requested: running },
      lines: [running ? `asked to cancel ${id}` : `${id} is ${status} already`],
    };
  },
});
