import { extractToFile } from '@sendense/file-restore';
import type { Command } from 'commander';
import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { formatBytes } from '../output/human-size.ts';
import { parseText } from '../program/flag-values.ts';
import {
  type BackupIdOption,
  backupIdFlag,
  type RepositoryOption,
  repositoryFlag,
} from '../program/shared-flags.ts';
import { openBrowseSession } from '../session/open-browse-session.ts';
import { pathOf } from '../session/open-image.ts';
import { defineVerb } from '../verb.ts';

type Options = RepositoryOption &
  BackupIdOption & { readonly file: string; readonly output: string; readonly overwrite?: true };

function flags(command: Command): Command {
  return backupIdFlag(repositoryFlag(command))
    .requiredOption('--file <path>', 'the file or folder to take out', parseText)
    .requiredOption(
      '--output <file>',
      'the file to make; a folder becomes a zip archive when its name ends in .zip, else a tar archive',
      parseText,
    )
    .option('--overwrite', 'replace what is there');
}

/** `backup extract` */
export const backupExtract = defineVerb<Options>({
  words: ['backup', 'extract'],
  summary: 'take a file, or a folder as a tar or zip archive, out of a recovery point',
  flags,
  async run(session, options) {
    const point = await openBrowseSession(session, options);
    const output = pathOf(session, options.output);
    const { format, bytesWritten, sizeBytes, findings } = await extractToFile(
      { session: point, path: options.file, output, overwrite: options.overwrite === true },
      session.call,
    );
    const told = [...point.findings, ...findings];
    return {
      json: { bytesWritten, sizeBytes, format, output, findings: describeFindings(told) },
      lines: [`${options.file} -> ${output} (${format}, ${formatBytes(sizeBytes)})`, ...findingLines(told)],
      ...(findings.some(({ severity }) => severity === 'error') ? { exitCode: 3 as const } : {}),
    };
  },
});
