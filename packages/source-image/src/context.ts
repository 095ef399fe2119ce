import type { PluginServices } from '@sendense/core';
import type { FileSystem, ImageLocks } from '@sendense/plugin-kit/files';
import type { CheckedOptions } from './options.ts';

/** What every step of one source shares. */
export type SourceContext = {
  readonly options: CheckedOptions;
  readonly fileSystem: FileSystem;
  readonly clock: PluginServices['clock'];
  readonly random: PluginServices['random'];
  readonly drivers: PluginServices['drivers'];
  readonly imageLocks: ImageLocks;
};
