import type { Clock, Random } from '@sendense/core';
import type { FileSystem, ImageLocks } from '@sendense/plugin-kit/files';
import type { MeasuredRates } from './measured-rates.ts';
import type { CheckedConverterOptions } from './options.ts';

/** What every conversion of one converter shares. */
export type ConverterContext = {
  readonly fileSystem: FileSystem;
  readonly imageLocks: ImageLocks;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: CheckedConverterOptions;
  readonly rates: MeasuredRates;
};
