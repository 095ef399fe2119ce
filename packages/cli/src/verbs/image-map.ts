import type { MappedExtent } from '@sendense/formats';
import { type Command, Option } from 'commander';
import { textTable } from '../output/text-table.ts';
import { type ImageOption, imageArgument, type ParentsOption, parentsFlag } from '../program/image-flags.ts';
import { openImage } from '../session/open-image.ts';
import { defineVerb } from '../verb.ts';

type Options = ImageOption & ParentsOption & { readonly jsonl?: true };

function flags(command: Command): Command {
  return parentsFlag(imageArgument(command)).addOption(
    new Option('--jsonl', 'print each extent as a JSON line, as it is found').conflicts('json'),
  );
}

/** `image map` */
export const imageMap = defineVerb<Options>({
  words: ['image', 'map'],
  summary: 'list where a disk has data and where zeros, and how deep in its chain',
  flags,
  async run(session, options) {
    const image = await openImage(session, options.file, options);
    const extents: MappedExtent[] = [];
    for await (const { offset, length, kind, depth } of image.map(
      { offset: 0, length: image.sizeBytes },
      session.call,
    )) {
      const extent = { offset, length, kind, depth };
      if (options.jsonl === true) session.host.stdout.write(`${JSON.stringify(extent)}\n`);
      else extents.push(extent);
    }
    if (options.jsonl === true) return { json: {}, lines: [] };
    const rows = extents.map(({ offset, length, kind, depth }) => [
      String(offset),
      String(length),
      kind,
      String(depth),
    ]);
    return { json: { extents }, lines: textTable(['OFFSET', 'LENGTH', 'KIND', 'DEPTH'], rows) };
  },
});
