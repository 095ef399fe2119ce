import type { Job } from '@sendense/catalog';
import { textTable } from '../output/text-table.ts';
import { defineServedVerb } from '../verb.ts';

/** `jobs list` */
export const jobsList = defineServedVerb({
  words: ['jobs', 'list'],
  summary: 'list backup and restore jobs, oldest first',
  flags: (command) => command,
  served: [],
  async runBy(work) {
    const jobs = await work.listJobs();
    return { json: { jobs }, lines: jobs.length === 0 ? ['no jobs'] : table(jobs) };
  },
});

function table(jobs: readonly Job[]): string[] {
  return textTable(
    ['STARTED', 'KIND', 'STATUS', 'WHAT', 'JOB'],
    jobs.map((job) => [
      job.startedAt ?? job.createdAt,
      job.kind,
      job.status,
      job.kind === 'backup'
        ? `${job.machineName ?? '-'} (${job.type ?? job.requestedType})`
        : (job.target ?? '-'),
      job.id,
    ]),
  );
}
