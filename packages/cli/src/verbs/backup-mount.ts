import type { Command } from 'commander';
import { findingLines } from '../output/describe-findings.ts';
import { mountedLines } from '../output/describe-mounts.ts';
import { collectText, parsePositive, parseText } from '../program/flag-values.ts';
import { backupIdFlag, repositoryFlag } from '../program/shared-flags.ts';
import type { AskedMount } from '../session/mount-in-background.ts';
import { defineServedVerb } from '../verb.ts';

function flags(command: Command): Command {
  return backupIdFlag(repositoryFlag(command))
    .option(
      '--path <folder>',
      'shows the files: an empty folder, or one to make (default: one in the state folder)',
      parseText,
    )
    .option(
      '--volume <volume>',
      'a volume of the point, as browse names it; may be repeated (default: all that can be mounted)',
      collectText,
    )
    .option(
      '--trust-image',
      'needed: the disks come from a machine that is trusted with this one, whose drivers read what was written there',
    )
    .option('--idle <minutes>', 'end when nobody used it for so long (default: 60)', parsePositive)
    .option('--foreground', 'serve it in this process, until it is stopped');
}

/** `backup mount` */
export const backupMount = defineServedVerb<AskedMount>({
  words: ['backup', 'mount'],
  summary: 'show the files of a recovery point in a folder, read-only; as root',
  flags,
  served: ['--repository', '--backup-id', '--trust-image'],
  async runBy(work, options) {
    const { mounted, ended } = await work.mount(options);
    if (ended === null) return { json: mounted, lines: mountedLines(mounted) };
    return { json: { ...mounted, ended: ended.why }, lines: findingLines(ended.findings) };
  },
});
