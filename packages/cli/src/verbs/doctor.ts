import { runChecks } from '../doctor/run-checks.ts';
import { textTable } from '../output/text-table.ts';
import { defineVerb } from '../verb.ts';

/** `doctor` */
export const doctor = defineVerb<{ readonly repository?: string }>({
  words: ['doctor'],
  summary: 'check this machine for what Sendense needs',
  flags: (command) => command.option('--repository <repository>', 'check this repository too'),
  async run(session, options) {
    const checks = await runChecks(session, options.repository);
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
