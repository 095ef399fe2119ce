import { describeFindings, findingLines } from '../output/describe-findings.ts';
import {
  type RepositoryOption,
  type RetainOption,
  repositoryFlag,
  retainFlag,
} from '../program/shared-flags.ts';
import { openObjects } from '../session/object-maintenance.ts';
import { defineVerb } from '../verb.ts';

type RenewLocksOptions = RepositoryOption & RetainOption;

/** `repository renew-locks` */
export const repositoryRenewLocks = defineVerb<RenewLocksOptions>({
  words: ['repository', 'renew-locks'],
  summary:
    'lock all that the points of an object repository need for as long as points that are made now; backups may run meanwhile',
  flags: (command) => retainFlag(repositoryFlag(command)),
  async run(session, options) {
    const lack = 'has no locks: its files can be deleted by whoever may write there';
    const { maintenance } = await openObjects(session, options, lack);
    const { until, points, objects, findings } = await maintenance.renewLocks(session.call);
    const isHurt = findings.some(({ severity }) => severity === 'error');
    return {
      json: { until: until.toISOString(), points, objects, findings: describeFindings(findings) },
      lines: [
        ...findingLines(findings),
        `${points} points, ${objects} objects, are locked until ${until.toISOString()}`,
      ],
      exitCode: isHurt ? 3 : 0,
    };
  },
});
