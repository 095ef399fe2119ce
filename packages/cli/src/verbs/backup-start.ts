import { backupLines, forecastLines } from '../output/describe-backup.ts';
import { reportLine } from '../output/error-report.ts';
import { defineServedVerb, type VerbResult } from '../verb.ts';
import type { BackupOutcome } from '../work/work.ts';
import { type BackupStartOptions, backupStartFlags } from './backup-start-flags.ts';

/** `backup start` */
export const backupStart = defineServedVerb<BackupStartOptions>({
  words: ['backup', 'start'],
  summary: 'back up the disks of a machine',
  flags: backupStartFlags,
  served: ['--source', '--machine', '--repository', '--type', '--allow-full'],
  runBy: async (work, options) => tell(await work.backUp(options)),
});

function tell(outcome: BackupOutcome): VerbResult {
  if ('made' in outcome) return { json: outcome.made, lines: backupLines(outcome.made) };
  if ('forecast' in outcome) return { json: outcome.forecast, lines: forecastLines(outcome.forecast) };
  const { results, failures } = outcome;
  return {
    json: { results, failures },
    lines: [
      ...results.flatMap(backupLines),
      ...failures.map(({ machine, error }) => `${machine}: ${reportLine(error)}`),
    ],
    exitCode: failures.length === 0 ? 0 : 1,
  };
}
