import { restoreStatusLines } from '../output/describe-restore.ts';
import { type JobOption, jobFlag } from '../program/job-flag.ts';
import { defineServedVerb } from '../verb.ts';

/** `restore show` */
export const restoreShow = defineServedVerb<JobOption>({
  words: ['restore', 'show'],
  summary: 'show how far a restore is',
  flags: jobFlag,
  served: ['--job'],
  async runBy(work, options) {
    const status = await work.showRestore(options);
    return { json: status, lines: restoreStatusLines(status) };
  },
});
