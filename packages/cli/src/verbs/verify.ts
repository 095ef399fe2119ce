import type { Command } from 'commander';
import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { formatBytes } from '../output/human-size.ts';
import { parseText } from '../program/flag-values.ts';
import { type RepositoryOption, repositoryFlag } from '../program/shared-flags.ts';
import { callWithProgress } from '../session/call-with-progress.ts';
import { findPoint, readPoints } from '../session/find-points.ts';
import { openEngine } from '../session/open-engine.ts';
import { openRepository } from '../session/open-repository.ts';
import { defineVerb } from '../verb.ts';

type Options = RepositoryOption & { readonly backupId?: string; readonly structureOnly?: true };

function flags(command: Command): Command {
  return repositoryFlag(command)
    .option('--backup-id <id>', 'only this recovery point', parseText)
    .option('--structure-only', 'read metadata only, not every stored byte');
}

/** `verify` */
export const verify = defineVerb<Options>({
  words: ['verify'],
  summary: 'read stored data back and compare it with its digests',
  flags,
  async run(session, options) {
    const { repository } = await openRepository(session, options);
    const { backupId } = options;
    const points =
      backupId === undefined
        ? undefined
        : [findPoint(await readPoints(repository, session.call), backupId).id];
    const engine = await openEngine(session, {});
    const depth = options.structureOnly === true ? 'structure' : 'data';
    const result = await engine.verify(
      { repository, depth, ...(points === undefined ? {} : { points }) },
      callWithProgress(session, backupId ?? 'all points', 'verify'),
    );
    const { checkedBytes, findings, intact } = result;
    return {
      json: { checkedBytes, findings: describeFindings(findings) },
      lines: [
        ...findingLines(findings),
        `${formatBytes(checkedBytes)} checked: ${intact ? 'no damage' : 'damage found'}`,
      ],
      exitCode: intact ? 0 : 3,
    };
  },
});
