import type { PluginServices } from '@sendense/core';
import type { FileSystem, ImageLocks } from '@sendense/plugin-kit/files';

/** What the source takes from its host; tests replace any of it. */
export type ImageSourceServices = {
  readonly fileSystem?: FileSystem;
  readonly clock?: PluginServices['clock'];
  readonly random?: PluginServices['random'];
  /** The first that can read a raw image is asked for its holes; without any, all of it is read. */
  readonly drivers?: PluginServices['drivers'];
  /** Says who holds an image; by default what Linux tells in `/proc/locks`. */
  readonly imageLocks?: ImageLocks;
};
