import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { chainContext, openParents, statusOf } from '../chain/open-chain.ts';
import { openLayer } from '../open-layer.ts';
import type { ParentPolicy } from '../parent-policy.ts';
import { openQcow2Layer } from './open-qcow2-layer.ts';
import { Qcow2Image } from './qcow2-image.ts';
import { qcow2Info } from './qcow2-info.ts';

/** How to open an image. */
export type OpenQcow2Options = {
  readonly fileSystem?: FileSystem;
  /** Which backing and data files may be opened; `none` when not given. */
  readonly parents?: ParentPolicy;
};

/**
 * Opens an image and its backing chain for reading. Rejects with `FORMAT_INVALID`, `FORMAT_UNSUPPORTED` (encryption,
 * unknown features, by name), `CORRUPT` (corrupt bit, loops), `PERMISSION_DENIED` and `PARENT_MISSING` (backing files).
 */
export async function openQcow2(path: string, options: OpenQcow2Options = {}): Promise<Qcow2Image> {
  const { fileSystem = nodeFileSystem, parents = 'none' } = options;
  const context = chainContext(fileSystem, parents);
  const real = await fileSystem.realPath(path);
  const status = await statusOf(real, fileSystem);
  const { head, ...top } = await openQcow2Layer(real, context);
  const layers = await openParents(real, top, status.identity, openLayer, context);
  return new Qcow2Image(layers, qcow2Info(head, status));
}
