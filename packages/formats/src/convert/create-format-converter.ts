import {
  type Clock,
  type FormatConverter,
  type Random,
  systemClock,
  systemRandom,
  throwIfAborted,
} from '@sendense/core';
import {
  type FileSystem,
  type ImageLocks,
  linuxImageLocks,
  nodeFileSystem,
} from '@sendense/plugin-kit/files';
import type { z } from 'zod';
import type { ConverterContext } from './context.ts';
import { dataBytesOf, openSource } from './conversion-source.ts';
import { convertFile } from './convert-file.ts';
import { MeasuredRates } from './measured-rates.ts';
import { checkConverterOptions, type formatConverterOptionsSchema } from './options.ts';
import { CONVERSIONS } from './pairs.ts';
import { spaceNeeded } from './space-needed.ts';
import { planTarget } from './target-plan.ts';

/** How a converter works; see {@link formatConverterOptionsSchema}. */
export type FormatConverterOptions = z.input<typeof formatConverterOptionsSchema> & {
  readonly fileSystem?: FileSystem;
  /** Tells who holds a file that is to be read or replaced; the locks of QEMU on Linux when not given. */
  readonly imageLocks?: ImageLocks;
  readonly clock?: Clock;
  readonly random?: Random;
};

/**
 * Converts disk files between all formats in this process. A target is written in a folder beside it (`NAME.partial…`) and
 * gets its name when it is complete and durable; one of several files (a descriptor and its extents) gets the name of the
 * descriptor last. Bytes are moved by the first of `drivers` that can, where both files have them as they are. Throws
 * `CONFIG_INVALID` for wrong options.
 */
export function createFormatConverter(options: FormatConverterOptions = {}): FormatConverter {
  const {
    fileSystem = nodeFileSystem,
    imageLocks = linuxImageLocks,
    clock = systemClock,
    random = systemRandom,
    ...plain
  } = options;
  const context: ConverterContext = {
    fileSystem,
    imageLocks,
    clock,
    random,
    options: checkConverterOptions(plain),
    rates: new MeasuredRates(),
  };
  return {
    specificationVersion: 'v1',
    pairs: CONVERSIONS,
    async convert(request, call) {
      throwIfAborted(call?.signal, 'convert-file');
      return await convertFile(context, request, call);
    },
    async estimateTime(request, call) {
      throwIfAborted(call?.signal, 'estimate-time');
      await using source = await openSource(context, request);
      const plan = planTarget(context, request, source);
      return context.rates.estimate(plan, await dataBytesOf(source, call));
    },
    async requiredSpace(request, call) {
      throwIfAborted(call?.signal, 'measure-space');
      await using source = await openSource(context, request);
      return await spaceNeeded(planTarget(context, request, source), source, call);
    },
  };
}
