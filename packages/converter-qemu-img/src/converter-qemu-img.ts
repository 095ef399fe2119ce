import { dirname, join } from 'node:path';
import {
  type Call,
  type Clock,
  type ConvertRequest,
  type ConvertResult,
  type DiskFormat,
  type FormatConverter,
  type Plugin,
  type Random,
  systemClock,
  systemRandom,
  throwIfAborted,
} from '@sendense/core';
import { openDiskImage } from '@sendense/formats';
import {
  type FileSystem,
  type ImageLocks,
  identitiesOf,
  linuxImageLocks,
  nodeFileSystem,
  refuseInUse,
  refuseTaken,
  resolveTarget,
  TargetFolder,
} from '@sendense/plugin-kit/files';
import { PAIRS, qemuName, SUBFORMATS, targetArguments } from './capabilities.ts';
import { type DescribedSource, describeSource } from './describe-source.ts';
import {
  type CheckedOptions,
  checkOptions,
  type QemuImgConverterOptions,
  qemuImgConverterOptionsSchema,
} from './options.ts';
import { runQemuImg } from './run-qemu-img.ts';
import { spaceBound } from './space-bound.ts';

/** Bytes a second where nothing was converted yet. */
const ASSUMED_RATE = 200e6;

/** What a converter takes from its host; tests replace any of it. */
export type QemuImgServices = {
  readonly clock?: Clock;
  readonly random?: Random;
  /** Tells who holds a file that is to be replaced; the locks of QEMU on Linux when not given. */
  readonly imageLocks?: ImageLocks;
};

type Context = {
  readonly options: CheckedOptions;
  readonly fileSystem: FileSystem;
  readonly imageLocks: ImageLocks;
  readonly clock: Clock;
  readonly random: Random;
  /** Bytes a millisecond of the last conversion. */
  rate: number | undefined;
};

/**
 * Converts disk files with the program `qemu-img`, on files of this machine that our own reader looked at first. Throws
 * `CONFIG_INVALID` for wrong options.
 */
export function createQemuImgConverter(
  options: QemuImgConverterOptions = {},
  { clock = systemClock, random = systemRandom, imageLocks = linuxImageLocks }: QemuImgServices = {},
): FormatConverter {
  const checked = checkOptions(options);
  const fileSystem = nodeFileSystem;
  const context: Context = { options: checked, fileSystem, imageLocks, clock, random, rate: undefined };
  return {
    specificationVersion: 'v1',
    pairs: PAIRS,
    convert: (request, call) => convert(context, request, call),
    async estimateTime(request, call) {
      throwIfAborted(call?.signal, 'estimate-time');
      const { allocatedBytes } = await describeSource(checked, request, fileSystem);
      const { rate } = context;
      if (rate !== undefined) return { milliseconds: Math.ceil(allocatedBytes / rate), basis: 'measured' };
      return { milliseconds: Math.ceil((allocatedBytes / ASSUMED_RATE) * 1000), basis: 'assumed' };
    },
    async requiredSpace(request, call) {
      throwIfAborted(call?.signal, 'measure-space');
      const { sizeBytes } = await describeSource(checked, request, fileSystem);
      return spaceBound(sizeBytes);
    },
  };
}

/** Lets a host find and configure the converter by name. */
export const plugin: Plugin<'converter', QemuImgConverterOptions> = {
  kind: 'converter',
  name: 'qemu-img',
  specificationVersion: 'v1',
  options: qemuImgConverterOptionsSchema,
  create: async (options, { clock, random }) => createQemuImgConverter(options, { clock, random }),
};

async function convert(context: Context, request: ConvertRequest, call?: Call): Promise<ConvertResult> {
  throwIfAborted(call?.signal, 'convert-file');
  const { options, fileSystem, imageLocks, clock, random } = context;
  const source = await describeSource(options, request, fileSystem);
  const target = await resolveTarget(fileSystem, request.target.path);
  const kept = await identitiesOf(fileSystem, source.files);
  await refuseTaken(fileSystem, target, { overwrite: request.overwrite, kept });
  await refuseInUse(fileSystem, imageLocks, target);
  const { format, subformat = SUBFORMATS[request.target.format][0] } = request.target;
  const files = new TargetFolder(fileSystem, target, `.partial-${random.uuid()}`);
  try {
    await files.make();
    const begun = clock.monotonicMs();
    const args = [
      '-f',
      qemuName(source.format),
      '-O',
      qemuName(format),
      ...targetArguments(format, subformat),
    ];
    await convertTo(context, [...args, source.path, files.file], source, call);
    await makeDurable(files, fileSystem);
    const virtualSizeBytes = await sizeOfTarget(context, files, format);
    throwIfAborted(call?.signal, 'convert-file');
    for (const name of await fileSystem.list(files.path))
      await refuseInUse(fileSystem, imageLocks, join(dirname(target), name));
    const fileSizeBytes = await files.publish(request.overwrite, kept);
    context.rate = source.allocatedBytes / Math.max(1, clock.monotonicMs() - begun) || undefined;
    return {
      format,
      subformat: subformat ?? null,
      virtualSizeBytes,
      fileSizeBytes,
      findings: [],
    };
  } finally {
    await files.remove();
  }
}

async function convertTo(
  { options: { program } }: Context,
  args: readonly string[],
  { path, sizeBytes: total }: Pick<DescribedSource, 'path' | 'sizeBytes'>,
  call: Call | undefined,
): Promise<void> {
  const onProgress = call?.onProgress;
  const onPercent =
    onProgress &&
    ((percent: number) => onProgress({ done: Math.floor((total * percent) / 100), total, unit: 'bytes' }));
  const run = { program, args: ['convert', '-p', ...args], operation: 'convert-file', path };
  await runQemuImg({ ...run, ...(onPercent && { onPercent }) }, call);
}

/** Its own files are all that a new image may name. */
async function sizeOfTarget(
  { fileSystem }: Context,
  { file, path }: TargetFolder,
  format: DiskFormat,
): Promise<number> {
  await using made = await openDiskImage(file, { fileSystem, format, parents: { folders: [path] } });
  return made.sizeBytes;
}

/** `qemu-img` leaves its files in the page cache. */
async function makeDurable(files: TargetFolder, fileSystem: FileSystem): Promise<void> {
  for (const name of await fileSystem.list(files.path)) {
    await using handle = await fileSystem.open(`${files.path}/${name}`, 'read-write');
    await handle.sync();
  }
}
