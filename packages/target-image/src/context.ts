import type { PluginServices } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import type { CheckedOptions } from './options.ts';

/** What the target takes from its host; tests replace any of it. */
export type ImageTargetServices = {
  readonly fileSystem?: FileSystem;
  readonly clock?: PluginServices['clock'];
  readonly random?: PluginServices['random'];
};

/** What every step of one target shares. */
export type TargetContext = Required<ImageTargetServices> & { readonly options: CheckedOptions };
