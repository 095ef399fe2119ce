import type { PluginServices } from '@sendense/core';
import type { ParentPolicy } from '@sendense/formats/qcow2';
import type { FileSystem, ImageLocks } from '@sendense/plugin-kit/files';

/** What all work on images shares. */
export type ImageContext = {
  readonly fileSystem: FileSystem;
  readonly clock: PluginServices['clock'];
  readonly random: PluginServices['random'];
  /** The first that can read a raw image is asked for its holes; without any, all of it is read. */
  readonly drivers: PluginServices['drivers'];
  /** Says who holds an image. */
  readonly imageLocks: ImageLocks;
};

/** An image by its file. */
export type ImageFile = {
  /** Real path. */
  readonly path: string;
  /** Found by the content when not given. A raw disk whose guest can write to it needs it. */
  readonly format?: 'raw' | 'qcow2' | 'vmdk' | 'vhd' | 'vhdx' | undefined;
  /** From where backing files may be opened; from nowhere when not given. */
  readonly parents?: ParentPolicy | undefined;
};
