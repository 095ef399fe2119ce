import { describeRestore, describeRestoreStatus, restoreLines } from '../output/describe-restore.ts';
import { type JobOption, jobFlag } from '../program/job-flag.ts';
import { type PassphraseOption, passphraseFlag } from '../program/shared-flags.ts';
import { openRestore } from '../session/open-restore.ts';
import { runRestore } from '../session/run-restore.ts';
import { defineVerb } from '../verb.ts';

/** `restore resume` */
export const restoreResume = defineVerb<JobOption & PassphraseOption>({
  words: ['restore', 'resume'],
  summary: 'go on with a restore at the step that failed',
  flags: (command) => passphraseFlag(jobFlag(command)),
  async run(session, options) {
    const { engine, request, targetPath } = await openRestore(session, options);
    const result = await runRestore(engine, request.jobId, () => engine.resumeRestore(request, session.call));
    const status = await engine.restoreStatus(request.jobId);
    return { json: describeRestoreStatus(status), lines: restoreLines(describeRestore(result, targetPath)) };
  },
});
