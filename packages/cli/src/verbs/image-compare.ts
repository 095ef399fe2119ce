import type { DiskFormat, Finding } from '@sendense/core';
import { compareImages, type DiskImage } from '@sendense/formats';
import { type Command, Option } from 'commander';
import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { parseText } from '../program/flag-values.ts';
import { DISK_FORMATS, type ParentsOption, parentsFlag } from '../program/image-flags.ts';
import { callWithProgress } from '../session/call-with-progress.ts';
import { openImage } from '../session/open-image.ts';
import { defineVerb } from '../verb.ts';

type Options = ParentsOption & {
  readonly a: string;
  readonly b: string;
  readonly formatA?: DiskFormat;
  readonly formatB?: DiskFormat;
  readonly strict?: true;
};

function formatOption(name: string, which: string): Option {
  return new Option(`${name} <format>`, `what the ${which} image is (default: told by its content)`).choices(
    DISK_FORMATS,
  );
}

function flags(command: Command): Command {
  const compared = command
    .argument('<a>', 'an image', parseText)
    .argument('<b>', 'another one', parseText)
    .addOption(formatOption('--format-a', 'first'))
    .addOption(formatOption('--format-b', 'second'))
    .option('--strict', 'a longer disk differs, even when its tail is zeros');
  return parentsFlag(compared);
}

/** What is known of one of the images, with its name: there are two. */
function warningsOf(file: string, { info }: DiskImage): readonly Finding[] {
  return info.warnings.map((warning) => ({ ...warning, object: file }));
}

/** `image compare` */
export const imageCompare = defineVerb<Options>({
  words: ['image', 'compare'],
  summary: 'compare what two disk files read as',
  flags,
  async run(session, options) {
    const { a, b, formatA, formatB, parents, strict } = options;
    const allowed = parents && { parents };
    const first = await openImage(session, a, { ...allowed, ...(formatA && { format: formatA }) });
    const second = await openImage(session, b, { ...allowed, ...(formatB && { format: formatB }) });
    const { equal, firstDifferenceOffset } = await compareImages(first, second, {
      ...callWithProgress(session, a, 'compare'),
      strict: strict === true,
    });
    const findings = [...warningsOf(a, first), ...warningsOf(b, second)];
    return {
      json: { equal, firstDifferenceOffset, findings: describeFindings(findings) },
      lines: [...findingLines(findings), equal ? 'equal' : `different from byte ${firstDifferenceOffset} on`],
      exitCode: equal ? 0 : 3,
    };
  },
});
