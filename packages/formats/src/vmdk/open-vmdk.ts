import type { BlockIoDriver } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { chainContext, openParents, statusOf } from '../chain/open-chain.ts';
import { openLayer } from '../open-layer.ts';
import type { ParentPolicy } from '../parent-policy.ts';
import { openVmdkLayer } from './open-vmdk-layer.ts';
import { openVmdkOptionsSchema } from './options.ts';
import { VmdkImage } from './vmdk-image.ts';
import { vmdkInfo } from './vmdk-info.ts';

/** How to open an image. */
export type OpenVmdkOptions = {
  readonly fileSystem?: FileSystem;
  /** Which extent and parent files may be opened; `none` when not given: only an image of one file can be read then. */
  readonly parents?: ParentPolicy;
  /** The first that can read a flat extent is asked for its holes; without any, all of it is data. */
  readonly drivers?: readonly BlockIoDriver[];
};

/**
 * Opens an image by its descriptor, or by the file that its descriptor is embedded in, with its extents and its parents.
 * Rejects with `FORMAT_INVALID`, `FORMAT_UNSUPPORTED` (by name), `CORRUPT` (cut short, tables that lead outside the file,
 * loops, a parent with another content id), `PERMISSION_DENIED` and `PARENT_MISSING` (extents and parents), and
 * `CONFIG_INVALID` (wrong options).
 */
export async function openVmdk(path: string, options: OpenVmdkOptions = {}): Promise<VmdkImage> {
  const { fileSystem = nodeFileSystem, ...plain } = options;
  const { parents, drivers } = await parseOptions(openVmdkOptionsSchema, plain, 'a VMDK image');
  const context = chainContext(fileSystem, parents, drivers);
  const real = await fileSystem.realPath(path);
  const status = await statusOf(real, fileSystem);
  const { head, grainBytes, unclean, warnings, ...top } = await openVmdkLayer(real, context);
  const chain = await openParents(real, top, status.identity, openLayer, context);
  try {
    const files = [...new Set((top.layer.files ?? []).map((file) => file.path))];
    const extents = files.filter((file) => file !== real);
    const statuses = [status, ...(await Promise.all(extents.map((file) => statusOf(file, fileSystem))))];
    const info = vmdkInfo(head, statuses, { grainBytes, unclean, warnings });
    return new VmdkImage(chain.layers, { ...info, warnings: [...info.warnings, ...chain.warnings] });
  } catch (error) {
    await Promise.all(chain.layers.map((layer) => layer[Symbol.asyncDispose]()));
    throw error;
  }
}
