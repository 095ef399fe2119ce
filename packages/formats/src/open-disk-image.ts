import type { BlockIoDriver, DiskFormat } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import type { DiskImage } from './disk-image.ts';
import { openDiskImageOptionsSchema } from './options.ts';
import type { ParentPolicy } from './parent-policy.ts';
import { probeFormat } from './probe-format.ts';
import { openQcow2 } from './qcow2/open-qcow2.ts';
import { openRaw } from './raw/open-raw.ts';
import { openVhd } from './vhd/open-vhd.ts';
import { openVhdx } from './vhdx/open-vhdx.ts';
import { openVmdk } from './vmdk/open-vmdk.ts';

/** How to open an image of any format. */
export type OpenDiskImageOptions = {
  readonly fileSystem?: FileSystem;
  /**
   * What the file is. Without it the format is guessed from the content, which the guest of a raw disk can fake: state
   * it wherever it is known.
   */
  readonly format?: DiskFormat;
  /** Which other files the image may make us open; `none` when not given. */
  readonly parents?: ParentPolicy;
  /** The first that can read a raw file is asked for its holes; without any, all of it is data. */
  readonly drivers?: readonly BlockIoDriver[];
};

/** Opens a disk image for reading. Rejects with `CONFIG_INVALID` for wrong options; see the `open…` of each format. */
export async function openDiskImage(path: string, options: OpenDiskImageOptions = {}): Promise<DiskImage> {
  const { fileSystem = nodeFileSystem, ...plain } = options;
  const {
    format: stated,
    parents,
    drivers,
  } = await parseOptions(openDiskImageOptionsSchema, plain, 'a disk image');
  const format = stated ?? (await probeFormat(path, { fileSystem }));
  const rest = { fileSystem, parents, drivers };
  if (format === 'raw') return openRaw(path, { fileSystem, drivers });
  if (format === 'qcow2') return openQcow2(path, rest);
  if (format === 'vmdk') return openVmdk(path, rest);
  if (format === 'vhd') return openVhd(path, rest);
  return openVhdx(path, rest);
}
