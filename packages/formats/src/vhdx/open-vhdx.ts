import type { BlockIoDriver } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { chainContext, openParents, statusOf } from '../chain/open-chain.ts';
import { openLayer } from '../open-layer.ts';
import type { ParentPolicy } from '../parent-policy.ts';
import { openVhdxLayer } from './open-vhdx-layer.ts';
import { openVhdxOptionsSchema } from './options.ts';
import { VhdxImage } from './vhdx-image.ts';
import { vhdxInfo } from './vhdx-info.ts';

/** How to open a VHDX. */
export type OpenVhdxOptions = {
  readonly fileSystem?: FileSystem;
  /** Which parents of a differencing disk may be opened; `none` when not given. */
  readonly parents?: ParentPolicy;
  /** Taken for the sake of one set of options for all formats; a VHDX knows its own holes. */
  readonly drivers?: readonly BlockIoDriver[];
};

/**
 * Opens a fixed, dynamic or differencing VHDX for reading. A log that has to be replayed is replayed in memory, and the file
 * stays as it is; that, and a damaged header or region table whose copy is whole, is told as a warning. Rejects with
 * `FORMAT_INVALID`, `FORMAT_UNSUPPORTED` (unknown required regions and metadata, by their GUID), `CORRUPT` (checksums, tables outside
 * the file, a parent that was changed), `PERMISSION_DENIED` and `PARENT_MISSING` (parents), and `CONFIG_INVALID` (wrong options).
 */
export async function openVhdx(path: string, options: OpenVhdxOptions = {}): Promise<VhdxImage> {
  const { fileSystem = nodeFileSystem, ...plain } = options;
  const { parents, drivers } = await parseOptions(openVhdxOptionsSchema, plain, 'a VHDX');
  const context = chainContext(fileSystem, parents, drivers);
  const real = await fileSystem.realPath(path);
  const status = await statusOf(real, fileSystem);
  const { head, ...top } = await openVhdxLayer(real, context);
  const { layers, warnings } = await openParents(real, top, status.identity, openLayer, context);
  const info = vhdxInfo(head, status);
  return new VhdxImage(layers, { ...info, warnings: [...info.warnings, ...warnings] }, head.disk);
}
