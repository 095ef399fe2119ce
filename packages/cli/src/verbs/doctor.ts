import { runChecks } from '../doctor/run-checks.ts';
import { textTable } from '../output/text-table.ts';
import { passphraseFlag, type RepositoryOption } from '../program/shared-flags.ts';
import { defineVerb } from '../verb.ts';

/** `doctor` */
export const doctor = defineVerb<RepositoryOption>({
  words: ['doctor'],
  summary: 'check this machine for what Sendense needs',
  flags: (command) =>
    passphraseFlag(command.option('--repository <repository>', 'check this repository too')),
  async run(session, options) {
    const checks = await runChecks(session, options);
    const ok = checks.every((check) => check.ok);
    return {
      json: { checks },
      lines: textTable(
        ['CHECK', 'OK', 'DETAIL', 'REMEDY'],
        checks.map((check) => [check.name, check.ok ? 'yes' : 'no', check.detail, check.remedy ?? '']),
      ),
      exitCode: ok ? 0 : 1,
    };
  },
});
