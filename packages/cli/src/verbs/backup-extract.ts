import type { Command } from 'commander';
import { findingLines } from '../output/describe-findings.ts';
import { formatBytes } from '../output/human-size.ts';
import { parseText } from '../program/flag-values.ts';
import { backupIdFlag, repositoryFlag } from '../program/shared-flags.ts';
import { wayFlags } from '../program/way-flags.ts';
import { defineServedVerb } from '../verb.ts';
import type { ExtractOptions } from '../work/work.ts';

function flags(command: Command): Command {
  return wayFlags(backupIdFlag(repositoryFlag(command)))
    .requiredOption('--file <path>', 'the file or folder to take out', parseText)
    .requiredOption(
      '--output <file>',
      'the file to make; a folder becomes a zip archive when its name ends in .zip, else a tar archive',
      parseText,
    )
    .option('--overwrite', 'replace what is there');
}

/** `backup extract` */
export const backupExtract = defineServedVerb<ExtractOptions>({
  words: ['backup', 'extract'],
  summary: 'take a file, or a folder as a tar or zip archive, out of a recovery point',
  flags,
  served: ['--repository', '--backup-id', '--file', '--output', '--overwrite'],
  async runBy(work, options) {
    const { read, isDamaged } = await work.extract(options);
    const { output, format, sizeBytes, findings } = read;
    return {
      json: read,
      lines: [
        `${options.file} -> ${output} (${format}, ${formatBytes(sizeBytes)})`,
        ...findingLines(findings),
      ],
      ...(isDamaged ? { exitCode: 3 as const } : {}),
    };
  },
});
