import type { PluginServices } from '@sendense/core';
import type { FileSystem, ImageLocks } from '@sendense/plugin-kit/files';
import type { CheckedOptions } from './options.ts';

/** What the target takes from its host; tests replace any of it. */
export type ImageTargetServices = {
  readonly fileSystem?: FileSystem;
  readonly clock?: PluginServices['clock'];
  readonly random?: PluginServices['random'];
  /** The first that can read or write a file or device does; without any, a TypeScript driver on `fileSystem`. */
  readonly drivers?: PluginServices['drivers'];
  /** Tells who else holds an image; the locks of QEMU on Linux when not given. */
  readonly imageLocks?: ImageLocks;
};

/** What every step of one target shares. */
export type TargetContext = Required<ImageTargetServices> & { readonly options: CheckedOptions };
