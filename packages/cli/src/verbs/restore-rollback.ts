import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { type JobOption, jobFlag } from '../program/job-flag.ts';
import { type PassphraseOption, passphraseFlag } from '../program/shared-flags.ts';
import { openRestore } from '../session/open-restore.ts';
import { defineVerb } from '../verb.ts';

/** `restore rollback` */
export const restoreRollback = defineVerb<JobOption & PassphraseOption>({
  words: ['restore', 'rollback'],
  summary: 'remove what an unfinished restore made at the target',
  flags: (command) => passphraseFlag(jobFlag(command)),
  async run(session, options) {
    const { engine, request } = await openRestore(session, options);
    const { removed, findings, undone } = await engine.rollbackRestore(request, session.call);
    return {
      json: { jobId: request.jobId, removed: [...removed], undone, findings: describeFindings(findings) },
      lines: [...removed.map((thing) => `removed ${thing}`), ...findingLines(findings)],
    };
  },
});
