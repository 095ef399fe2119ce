import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { dataBytes } from '../data/data-set.ts';
import { shellWords, syncFile } from '../measure/run-shell.ts';
import type { Side } from '../measure/side.ts';
import type { Result } from '../report/result.ts';
import type { Workbench } from '../workbench.ts';
import { measurePairs, placements } from './measure-pairs.ts';
import type { Row } from './row.ts';
import { CONVERTED_FORMATS, type ConvertedFormat } from './row-names.ts';
import { requireSameBytes } from './same-bytes.ts';

/** A kind of target; where it is compressed, the file must not be larger than theirs. */
type Kind = {
  readonly format: ConvertedFormat;
  readonly subformat?: string;
  readonly compressed?: true;
};

/** What each format is converted to: what users take, and the compressed kinds. */
const KINDS: readonly Kind[] = [
  { format: 'raw' },
  { format: 'qcow2', subformat: 'plain' },
  { format: 'qcow2', subformat: 'compressed', compressed: true },
  { format: 'vmdk', subformat: 'monolithicSparse' },
  { format: 'vmdk', subformat: 'streamOptimized', compressed: true },
  { format: 'vhd', subformat: 'dynamic' },
  { format: 'vhdx', subformat: 'dynamic' },
];

function qemuName(format: ConvertedFormat): string {
  return format === 'vhd' ? 'vpc' : format;
}

/** The arguments that make the same kind there. `-W` is not for compressed targets that are written in order. */
function theirArguments({ format, subformat, compressed }: Kind): readonly string[] {
  const outOfOrder = compressed === true ? [] : ['-W'];
  if (format === 'raw') return outOfOrder;
  if (format === 'qcow2') return compressed === true ? ['-c'] : outOfOrder;
  return [
    ...outOfOrder,
    '-o',
    format === 'vhd' ? `subformat=${subformat},force_size=on` : `subformat=${subformat}`,
  ];
}

function theirs(folder: string, source: string, from: ConvertedFormat, kind: Kind): Side {
  const out = path.join(folder, 'theirs');
  const formats = ['-f', qemuName(from), '-O', qemuName(kind.format)];
  const convert = [
    'qemu-img',
    'convert',
    '-t',
    'writeback',
    ...theirArguments(kind),
    ...formats,
    source,
    out,
  ];
  return {
    cwd: folder,
    command: `${shellWords(convert)} && ${syncFile(out)}`,
    before: () => rm(out, { force: true }),
  };
}

function ours(bench: Workbench, folder: string, source: string, from: ConvertedFormat, kind: Kind): Side {
  const out = path.join(folder, 'ours');
  const subformat = kind.subformat === undefined ? [] : ['--subformat', kind.subformat];
  const formats = ['--from', from, '--format', kind.format, ...subformat];
  return {
    cwd: folder,
    command: `${bench.ctl(folder, 'image', 'convert', source, out, ...formats)} && ${syncFile(out)}`,
    before: () => rm(out, { force: true }),
  };
}

/** A raw data set as `qemu-img` writes it in a format. */
async function sourceOf(raw: string, folder: string, from: ConvertedFormat): Promise<string> {
  if (from === 'raw') return raw;
  const source = path.join(folder, 'source');
  const options = from === 'vhd' ? ['-o', 'force_size=on'] : [];
  await execa('qemu-img', ['convert', '-f', 'raw', '-O', qemuName(from), ...options, raw, source]);
  return source;
}

/** The same bytes, and no more of them than theirs where both are compressed. */
async function requireAsGood(folder: string, raw: string, { format, compressed }: Kind): Promise<void> {
  const out = path.join(folder, 'ours');
  await requireSameBytes({ path: raw, format: 'raw' }, { path: out, format: qemuName(format) });
  if (compressed !== true) return;
  const [our, their] = [await stat(out), await stat(path.join(folder, 'theirs'))];
  if (our.size > their.size) throw new Error(`ours has ${our.size} bytes, theirs ${their.size}`);
}

function conversion(from: ConvertedFormat, to: ConvertedFormat): Row {
  return {
    name: `convert-${from}-${to}`,
    peers: ['qemu-img'],
    async *measure(bench: Workbench): AsyncGenerator<Result> {
      const { sizeBytes } = bench.settings;
      for (const { destination, data } of placements(bench)) {
        const raw = await bench.dataSet(data);
        await using sources = await bench.folder('disk');
        const source = await sourceOf(raw, sources.path, from);
        for (const kind of KINDS.filter(({ format }) => format === to)) {
          await using folder = await bench.folder(destination);
          const peer = `qemu-img${kind.subformat === undefined ? '' : ` ${kind.subformat}`}`;
          yield await measurePairs(bench, {
            name: this.name,
            variant: { destination, data, peer },
            ours: ours(bench, folder.path, source, from, kind),
            theirs: theirs(folder.path, source, from, kind),
            sizeBytes,
            limit: await bench.limit(source, dataBytes(data, sizeBytes), destination),
            check: () => requireAsGood(folder.path, raw, kind),
          });
        }
      }
    },
  };
}

/** Every pair of formats, against `qemu-img convert`. */
export const conversions: readonly Row[] = CONVERTED_FORMATS.flatMap((from) =>
  CONVERTED_FORMATS.filter((to) => to !== from).map((to) => conversion(from, to)),
);
