import { jobId } from '@sendense/core';
import { describeRestoreStatus, restoreStatusLines } from '../output/describe-restore.ts';
import { type JobOption, jobFlag } from '../program/job-flag.ts';
import { openEngine } from '../session/open-engine.ts';
import { defineVerb } from '../verb.ts';

/** `restore show` */
export const restoreShow = defineVerb<JobOption>({
  words: ['restore', 'show'],
  summary: 'show how far a restore is',
  flags: jobFlag,
  async run(session, options) {
    const status = await (await openEngine(session, {})).restoreStatus(jobId(options.job));
    return { json: describeRestoreStatus(status), lines: restoreStatusLines(status) };
  },
});
