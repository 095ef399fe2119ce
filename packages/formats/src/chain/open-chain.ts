import { type BlockIoDriver, SendenseError } from '@sendense/core';
import type { FileStatus, FileSystem } from '@sendense/plugin-kit/files';
import type { ParentPolicy } from '../parent-policy.ts';
import { resolveCompanion } from '../resolve-companion.ts';
import type { Layer } from './layer.ts';
import { PageCache } from './page-cache.ts';

/** The most files in a chain. */
const MAX_DEPTH = 512;

/** What the layers of one chain share. */
export type ChainContext = {
  readonly fileSystem: FileSystem;
  readonly parents: ParentPolicy;
  readonly cache: PageCache;
  /** Asked for the holes of raw files. */
  readonly drivers: readonly BlockIoDriver[];
};

/** A layer and the parent it names. */
export type OpenedLayer = {
  readonly layer: Layer;
  readonly parent?: { readonly name: string; readonly format: string | undefined };
};

/** Opens one file of a chain as `format` (`undefined`: the child does not say). */
export type LayerOpener = (
  path: string,
  format: string | undefined,
  status: FileStatus,
  context: ChainContext,
) => Promise<OpenedLayer>;

/**
 * Opens the parents below `top`, under the caller's policy. Rejects with `CORRUPT` for a loop; everything opened so far
 * is closed when it rejects.
 */
export async function openParents(
  path: string,
  top: OpenedLayer,
  identity: string,
  open: LayerOpener,
  context: ChainContext,
): Promise<[Layer, ...Layer[]]> {
  const layers: [Layer, ...Layer[]] = [top.layer];
  const seen = new Set([identity]);
  try {
    let child = path;
    for (let next = top.parent; next !== undefined; ) {
      const companion = { what: 'backing file', name: next.name, image: child };
      child = await resolveCompanion(companion, context.parents, context.fileSystem);
      const status = await statusOf(child, context.fileSystem);
      if (seen.has(status.identity) || seen.size >= MAX_DEPTH) throw loop(path, seen.size);
      seen.add(status.identity);
      const opened = await open(child, next.format, status, context);
      layers.push(opened.layer);
      next = opened.parent;
    }
    return layers;
  } catch (error) {
    await Promise.all(layers.map((layer) => layer[Symbol.asyncDispose]()));
    throw error;
  }
}

/** The status of a file that must be there. */
export async function statusOf(path: string, fileSystem: FileSystem): Promise<FileStatus> {
  const status = await fileSystem.stat(path);
  if (status?.kind === 'file' || status?.kind === 'device') return status;
  const [code, what] = status === undefined ? (['NOT_FOUND', 'does not exist'] as const) : NOT_A_FILE;
  throw new SendenseError(code, `${path} ${what}`, { operation: 'open-image', context: { path } });
}

const NOT_A_FILE = ['CONFIG_INVALID', 'is neither a file nor a block device'] as const;

/** Of all images that are open. */
const SHARED_PAGES = new PageCache();

/** What the layers of a chain that is being opened share. */
export function chainContext(
  fileSystem: FileSystem,
  parents: ParentPolicy,
  drivers: readonly BlockIoDriver[] = [],
): ChainContext {
  return { fileSystem, parents, drivers, cache: SHARED_PAGES };
}

function loop(path: string, depth: number): SendenseError {
  const what =
    depth >= MAX_DEPTH
      ? `has more than ${MAX_DEPTH} backing files`
      : 'is its own backing file, through a loop';
  return new SendenseError('CORRUPT', `${path} ${what}`, {
    operation: 'open-image',
    remedy: 'rebase the image with "qemu-img rebase", or take another copy of it',
    context: { path },
  });
}
