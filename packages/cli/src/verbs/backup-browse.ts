import type { Command } from 'commander';
import { findingLines } from '../output/describe-findings.ts';
import { entryLines } from '../output/describe-folder.ts';
import { parsePositive, parseText } from '../program/flag-values.ts';
import { backupIdFlag, repositoryFlag } from '../program/shared-flags.ts';
import { wayFlags } from '../program/way-flags.ts';
import { defineServedVerb } from '../verb.ts';
import type { BrowseOptions } from '../work/work.ts';

type Options = Omit<BrowseOptions, 'limit'> & { readonly limit?: number };

/** Entries that are listed unless the user says otherwise: a folder of millions takes little memory, and comes in parts. */
const LIMIT = 10_000;

function flags(command: Command): Command {
  return wayFlags(backupIdFlag(repositoryFlag(command)))
    .option(
      '--path <folder>',
      'the folder; where the point has several file systems, / lists them',
      parseText,
      '/',
    )
    .option(
      '--limit <count>',
      `list so many entries at most, in the order of the folder (default: ${LIMIT}, sorted by name)`,
      parsePositive,
    )
    .option('--from <place>', 'go on where the list before ended: its "next"', parseText);
}

/** `backup browse` */
export const backupBrowse = defineServedVerb<Options>({
  words: ['backup', 'browse'],
  summary: 'list a folder of a recovery point, without restoring it',
  flags,
  served: ['--repository', '--backup-id', '--path', '--limit', '--from'],
  async runBy(work, options) {
    const { limit } = options;
    const { read, isDamaged } = await work.browse({ ...options, limit: limit ?? LIMIT });
    // with a limit the order of the folder, in which the pages follow each other
    const entries =
      limit === undefined ? read.entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)) : read.entries;
    return {
      json: { ...read, entries },
      lines: [
        ...entryLines(entries),
        ...(read.next === null ? [] : [`There is more: go on with --from ${read.next}`]),
        ...findingLines(read.findings),
      ],
      ...(isDamaged ? { exitCode: 3 as const } : {}),
    };
  },
});
