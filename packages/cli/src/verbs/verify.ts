import { type Command, Option } from 'commander';
import { describeCoverage } from '../output/describe-coverage.ts';
import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { formatBytes } from '../output/human-size.ts';
import { parsePercent, parseText, parseWorkTime } from '../program/flag-values.ts';
import { type RepositoryOption, repositoryFlag } from '../program/shared-flags.ts';
import { callWithProgress } from '../session/call-with-progress.ts';
import { findPoint, readPoints } from '../session/find-points.ts';
import { openEngine } from '../session/open-engine.ts';
import { openRepository } from '../session/open-repository.ts';
import { readCursor } from '../session/read-cursor.ts';
import { requirePartialVerify } from '../session/require-partial-verify.ts';
import { defineVerb } from '../verb.ts';

type Options = RepositoryOption & {
  readonly backupId?: string;
  readonly structureOnly?: true;
  readonly sample?: number;
  readonly timeBudget?: number;
  readonly resume?: string;
};

function flags(command: Command): Command {
  return repositoryFlag(command)
    .option('--backup-id <id>', 'only this recovery point', parseText)
    .option('--structure-only', 'read metadata only, not every stored byte')
    .addOption(
      new Option(
        '--sample <percent>',
        'object repositories: read about so much of the data, e.g. 5%; which, chance decides anew each time (default: all)',
      )
        .argParser(parsePercent)
        .conflicts('structureOnly'),
    )
    .option(
      '--time-budget <time>',
      'object repositories: stop soon after this time, e.g. 30m, and tell a cursor to go on with',
      parseWorkTime,
    )
    .option(
      '--resume <cursor>',
      'object repositories: go on where a verification with the same flags stopped; @FILE reads the cursor from a file',
      parseText,
    );
}

/** `verify` */
export const verify = defineVerb<Options>({
  words: ['verify'],
  summary: 'read stored data back and compare it with its digests',
  flags,
  async run(session, options) {
    const { repository } = await openRepository(session, options);
    const { backupId, sample, timeBudget: budgetMs } = options;
    requirePartialVerify(repository, options);
    const resume =
      options.resume === undefined
        ? undefined
        : await readCursor(options.resume, session.host.workingDirectory);
    const points =
      backupId === undefined
        ? undefined
        : [findPoint(await readPoints(repository, session.call), backupId).id];
    const engine = await openEngine(session, {});
    const depth = options.structureOnly === true ? 'structure' : 'data';
    const result = await engine.verify(
      {
        repository,
        depth,
        ...(points === undefined ? {} : { points }),
        ...(sample === undefined ? {} : { sample }),
        ...(budgetMs === undefined ? {} : { budgetMs }),
        ...(resume === undefined ? {} : { resume }),
      },
      callWithProgress(session, backupId ?? 'all points', 'verify'),
    );
    const { checkedBytes, findings, intact } = result;
    const coverage = describeCoverage(result, depth);
    return {
      json: { checkedBytes, ...coverage.json, findings: describeFindings(findings) },
      lines: [
        ...findingLines(findings),
        `${formatBytes(checkedBytes)} checked: ${intact ? 'no damage' : 'damage found'}`,
        ...coverage.lines,
      ],
      exitCode: intact ? 0 : 3,
    };
  },
});
