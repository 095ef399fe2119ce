import type { DiskImage, MappedExtent } from '@sendense/formats';
import { type Command, Option } from 'commander';
import type { TextOutput } from '../host.ts';
import { describeFindings, findingLines } from '../output/describe-findings.ts';
import type { CommonOptions } from '../program/common-flags.ts';
import { type ImageOption, imageArgument, type ParentsOption, parentsFlag } from '../program/image-flags.ts';
import { openImage } from '../session/open-image.ts';
import { defineVerb } from '../verb.ts';

type Options = ImageOption & ParentsOption & Pick<CommonOptions, 'json'> & { readonly jsonl?: true };

function flags(command: Command): Command {
  return parentsFlag(imageArgument(command)).addOption(
    new Option('--jsonl', 'print each extent as a JSON line, as it is found').conflicts('json'),
  );
}

/** Does what was asked for with each extent as it is found: prints it, or adds it to `kept`. */
function takerOf(
  { json, jsonl }: Options,
  { sizeBytes }: DiskImage,
  stdout: TextOutput,
  kept: MappedExtent[],
): (extent: MappedExtent) => void {
  if (json === true) return (extent) => void kept.push(extent);
  if (jsonl === true) return (extent) => void stdout.write(`${JSON.stringify(extent)}\n`);
  // No number has more digits than the size of the disk, so the rows need not be known for the columns.
  const digits = Math.max('OFFSET'.length, String(sizeBytes).length);
  const print = (offset: string, length: string, kind: string, depth: string) =>
    stdout.write(
      `${offset.padStart(digits)}  ${length.padStart(digits)}  ${kind}  ${depth.padStart('DEPTH'.length)}\n`,
    );
  print('OFFSET', 'LENGTH', 'KIND', 'DEPTH');
  return ({ offset, length, kind, depth }) => void print(String(offset), String(length), kind, String(depth));
}

/** `image map` */
export const imageMap = defineVerb<Options>({
  words: ['image', 'map'],
  summary: 'list where a disk has data and where zeros, and how deep in its chain',
  flags,
  async run(session, options) {
    const { stdout, stderr } = session.host;
    const image = await openImage(session, options.file, options);
    const { warnings } = image.info;
    // Lines of JSON are extents and nothing else.
    const told = options.jsonl === true ? stderr : stdout;
    if (options.json !== true) for (const line of findingLines(warnings)) told.write(`${line}\n`);
    const extents: MappedExtent[] = [];
    const take = takerOf(options, image, stdout, extents);
    const whole = { offset: 0, length: image.sizeBytes };
    for await (const { offset, length, kind, depth } of image.map(whole, session.call))
      take({ offset, length, kind, depth });
    return { json: { extents, findings: describeFindings(warnings) }, lines: [] };
  },
});
