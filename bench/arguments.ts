import { parseArgs } from 'node:util';
import { DATA_KINDS, type DataKind } from './data/data-set.ts';
import type { Destination } from './report/result.ts';
import { ROW_NAMES } from './rows/row-names.ts';

const MIB = 2 ** 20;

/** The default size of a disk: smaller ones measure the start of programs more than their work. */
export const DEFAULT_SIZE_BYTES = 4096 * MIB;

/** What a run of the bench is to do. */
export type Settings = {
  readonly json: boolean;
  /** Rows to measure. */
  readonly only: readonly string[];
  readonly sizeBytes: number;
  readonly pairs: number;
  readonly destinations: readonly Destination[];
  readonly data: readonly DataKind[];
  /** Measure how costs grow, too. */
  readonly curves: boolean;
  /** Profile one full backup, too. */
  readonly profile: boolean;
  /** Keep the results beside the bench and write the document from them. */
  readonly record: boolean;
  /** Build packages whose sources changed. */
  readonly build: boolean;
  /** Folder on the disk for data sets and destinations; `null` for the default. */
  readonly folder: string | null;
};

export const USAGE = `usage: npm run --silent bench -- [flags]
  --json               print one JSON object as the last line of standard output
  --only NAME          measure this row; may be repeated, "none" for no row (default: all)
  --size SIZE          size of a disk, e.g. 512M (default: 4G)
  --pairs N            runs of each side (default: 7)
  --destination WHERE  disk or memory; may be repeated (default: both)
  --data KIND          rnd or mix; may be repeated (default: both)
  --curves             also measure how costs grow with disks, sizes, changes and chains
  --profile            also profile one full backup
  --record             keep the results in bench/results and write docs/performance.md from them
  --no-build           measure the build that is there, also when sources changed since
  --folder FOLDER      folder on the disk for data and destinations (default: .cache/bench)
`;

/** Reads the arguments; throws a sentence about the first that is wrong. */
export function parseArguments(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      size: { type: 'string' },
      pairs: { type: 'string', default: '7' },
      destination: { type: 'string', multiple: true },
      data: { type: 'string', multiple: true },
      curves: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      'no-build': { type: 'boolean', default: false },
      folder: { type: 'string' },
    },
  });
  const { json, curves, profile, record, folder } = values;
  const pairs = Number(values.pairs);
  if (!Number.isInteger(pairs) || pairs < 1) throw new RangeError('--pairs must be a number from 1');
  return {
    json,
    curves,
    profile,
    record,
    pairs,
    folder: folder ?? null,
    build: !values['no-build'],
    only: chosen(
      'only',
      values.only?.filter((name) => name !== 'none'),
      ROW_NAMES,
    ),
    sizeBytes: values.size === undefined ? DEFAULT_SIZE_BYTES : parseSize(values.size),
    destinations: chosen('destination', values.destination, ['disk', 'memory']),
    data: chosen('data', values.data, DATA_KINDS),
  };
}

function chosen<T extends string>(
  flag: string,
  given: readonly string[] | undefined,
  all: readonly T[],
): readonly T[] {
  const stranger = given?.find((name) => !all.some((known) => known === name));
  if (stranger !== undefined) throw new RangeError(`--${flag} ${stranger}: there is only ${all.join(', ')}`);
  return given === undefined ? all : all.filter((name) => given.includes(name));
}

/** `512M` in bytes; data sets repeat every 4 MiB. */
function parseSize(text: string): number {
  const [, number = '', unit = ''] = /^(\d+)([MGT])$/.exec(text) ?? [];
  const mebibytes = Number(number) * ({ M: 1, G: 1024, T: 2 ** 20 }[unit] ?? Number.NaN);
  if (mebibytes >= 4 && mebibytes % 4 === 0) return mebibytes * MIB;
  throw new RangeError('--size must be a multiple of 4M, such as 512M or 4G');
}
