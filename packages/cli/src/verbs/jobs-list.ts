import type { Job } from '@sendense/catalog';
import { isHolderAlive } from '@sendense/plugin-kit';
import { textTable } from '../output/text-table.ts';
import { defineVerb } from '../verb.ts';

/** `jobs list` */
export const jobsList = defineVerb({
  words: ['jobs', 'list'],
  summary: 'list backup and restore jobs, oldest first',
  flags: (command) => command,
  async run(session) {
    const catalog = await session.catalog();
    await catalog.jobs.closeAbandoned(isHolderAlive);
    const jobs = await catalog.jobs.list();
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
