import { findingLines } from '../output/describe-findings.ts';
import { formatBytes } from '../output/human-size.ts';
import { backupIdFlag, repositoryFlag } from '../program/shared-flags.ts';
import { defineServedVerb } from '../verb.ts';
import type { PointOptions } from '../work/work.ts';

/** `backup delete` */
export const backupDelete = defineServedVerb<PointOptions>({
  words: ['backup', 'delete'],
  summary: 'delete a recovery point; points that build on it keep their content',
  flags: (command) => backupIdFlag(repositoryFlag(command)),
  served: ['--repository', '--backup-id'],
  async runBy(work, options) {
    const deleted = await work.deletePoint(options);
    const { removed, freedBytes, findings } = deleted;
    return {
      json: deleted,
      lines: [`deleted ${removed.join(', ')}; ${formatBytes(freedBytes)} freed`, ...findingLines(findings)],
    };
  },
});
