import type { BlockIoDriver } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { chainContext, openParents, statusOf } from '../chain/open-chain.ts';
import { openLayer } from '../open-layer.ts';
import type { ParentPolicy } from '../parent-policy.ts';
import { openVhdLayer } from './open-vhd-layer.ts';
import { openVhdOptionsSchema } from './options.ts';
import { parentTimeWarnings } from './parent-times.ts';
import { VhdImage } from './vhd-image.ts';
import { vhdInfo } from './vhd-info.ts';

/** How to open a VHD. */
export type OpenVhdOptions = {
  readonly fileSystem?: FileSystem;
  /** Which parents of a differencing disk may be opened; `none` when not given. */
  readonly parents?: ParentPolicy;
  /** The first that can read a fixed VHD is asked for its holes; without any, all of it is data. */
  readonly drivers?: readonly BlockIoDriver[];
};

/**
 * Opens a fixed, dynamic or differencing VHD for reading. A damaged footer whose copy is whole is told as a warning. Rejects
 * with `FORMAT_INVALID`, `FORMAT_UNSUPPORTED`, `CORRUPT` (tables outside the file, loops, a parent that is another disk),
 * `PERMISSION_DENIED` and `PARENT_MISSING` (parents), and `CONFIG_INVALID` (wrong options).
 */
export async function openVhd(path: string, options: OpenVhdOptions = {}): Promise<VhdImage> {
  const { fileSystem = nodeFileSystem, ...plain } = options;
  const { parents, drivers } = await parseOptions(openVhdOptionsSchema, plain, 'a VHD');
  const context = chainContext(fileSystem, parents, drivers);
  const real = await fileSystem.realPath(path);
  const status = await statusOf(real, fileSystem);
  const { head, ...top } = await openVhdLayer(real, context);
  const { layers, warnings } = await openParents(real, top, status.identity, openLayer, context);
  const info = vhdInfo(head, status);
  return new VhdImage(layers, {
    ...info,
    warnings: [...info.warnings, ...warnings, ...parentTimeWarnings(layers)],
  });
}
