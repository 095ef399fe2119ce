import type { DiskFormat } from '@sendense/core';
import { SUBFORMATS } from '@sendense/formats';
import { createFormatConverter } from '@sendense/formats/convert';
import { type Command, Option } from 'commander';
import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { formatBytes, formatDuration } from '../output/human-size.ts';
import { parseText } from '../program/flag-values.ts';
import { DISK_FORMATS, type ParentsOption, parentsFlag } from '../program/image-flags.ts';
import { callWithProgress } from '../session/call-with-progress.ts';
import { imageAccess, pathOf } from '../session/open-image.ts';
import { defineVerb } from '../verb.ts';

type Options = ParentsOption & {
  readonly source: string;
  readonly target: string;
  readonly format: DiskFormat;
  readonly subformat?: string;
  readonly from?: DiskFormat;
  readonly sizeFor?: 'azure' | 'aws';
  readonly overwrite?: true;
  readonly resume?: true;
};

/** `qcow2: plain, compressed; …`, the default of each format first. */
function subformats(): string {
  const listed = DISK_FORMATS.flatMap((format) => {
    const names: readonly string[] = SUBFORMATS[format];
    return names.length === 0 ? [] : [`${format}: ${names.join(', ')}`];
  });
  return listed.join('; ');
}

function flags(command: Command): Command {
  const converted = command
    .argument('<source>', 'the image to convert', parseText)
    .argument('<target>', 'the file to make', parseText)
    .addOption(
      new Option('--format <format>', 'format of the target').choices(DISK_FORMATS).makeOptionMandatory(),
    )
    .option('--subformat <subformat>', `kind of the target (${subformats()})`, parseText)
    .addOption(
      new Option('--from <format>', 'what the source is (default: told by its content)').choices(
        DISK_FORMATS,
      ),
    )
    .addOption(
      new Option(
        '--size-for <place>',
        'round the size of the disk up to what a cloud takes; a VHD for Azure is made fixed',
      ).choices(['azure', 'aws']),
    )
    .option('--overwrite', 'replace what is there')
    .option('--resume', 'keep what was converted when it stops, and go on with it');
  return parentsFlag(converted);
}

/** `image convert` */
export const imageConvert = defineVerb<Options>({
  words: ['image', 'convert'],
  summary: 'make a disk file of another format',
  flags,
  async run(session, options) {
    const { source, target, format, subformat, from, sizeFor, overwrite, resume } = options;
    const converter = createFormatConverter({
      ...(await imageAccess(session, options)),
      resume: resume === true,
      ...(sizeFor && { sizeFor }),
    });
    const begun = session.host.now().getTime();
    const { findings, ...made } = await converter.convert(
      {
        source: { path: pathOf(session, source), ...(from && { format: from }) },
        target: { path: pathOf(session, target), format, ...(subformat && { subformat }) },
        overwrite: overwrite === true,
      },
      callWithProgress(session, target, 'convert'),
    );
    const durationMs = session.host.now().getTime() - begun;
    const kind = made.subformat === null ? made.format : `${made.format} (${made.subformat})`;
    return {
      json: { ...made, durationMs, findings: describeFindings(findings) },
      lines: [
        ...findingLines(findings),
        `${target}: ${kind}, a disk of ${formatBytes(made.virtualSizeBytes)} in ${formatBytes(made.fileSizeBytes)}, ${formatDuration(durationMs)}`,
      ],
    };
  },
});
