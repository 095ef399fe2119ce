import { isHolderAlive } from '@sendense/plugin-kit';
import { type JobOption, jobFlag } from '../program/job-flag.ts';
import { defineVerb } from '../verb.ts';

/** `jobs cancel` */
export const jobsCancel = defineVerb<JobOption>({
  words: ['jobs', 'cancel'],
  summary: 'ask the process that runs a job to abandon it cleanly',
  flags: jobFlag,
  async run(session, options) {
    const { jobs } = await session.catalog();
    await jobs.closeAbandoned(isHolderAlive);
    const job = await jobs.requestCancel(options.job);
    const running = job.status === 'running' || job.status === 'pending';
    return {
      json: { jobId: job.id, state: job.status, requested: running },
      lines: [running ? `asked to cancel ${job.id}` : `${job.id} is ${job.status} already`],
    };
  },
});
