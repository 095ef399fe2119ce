import { type BlockIoDriver, type Finding, SendenseError } from '@sendense/core';
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
  /** What a child that is bound to just this content knows it by (content id, unique id), where the format has that. */
  readonly identity?: string;
  /** What a careful user should know of this file. */
  readonly warnings?: readonly string[];
  readonly parent?: NamedParent;
};

/** A parent as its child names it. */
export type NamedParent = {
  /** Foreign names of one and the same file, the best first; the first that leads to a file is opened. */
  readonly names: readonly string[];
  /** Name of its format (a `DiskFormat`, or as QEMU says it); `undefined`: the child does not say. */
  readonly format: string | undefined;
  /** What the `identity` of the parent must be, or one of these. */
  readonly identity?: string | readonly string[];
};

/** The links of a chain, top first. */
export type OpenedChain = {
  readonly layers: readonly [Layer, ...Layer[]];
  /** What is known of the files below the top. */
  readonly warnings: readonly Finding[];
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
 * is closed when it rejects. A parent that is not the one its child was made on is `CORRUPT`, too.
 */
export async function openParents(
  path: string,
  top: OpenedLayer,
  identity: string,
  open: LayerOpener,
  context: ChainContext,
): Promise<OpenedChain> {
  const layers: [Layer, ...Layer[]] = [top.layer];
  const warnings: Finding[] = [];
  const seen = new Set([identity]);
  try {
    let child = path;
    for (let next = top.parent; next !== undefined; ) {
      const image = child;
      child = await resolveParent(image, next, context);
      const status = await statusOf(child, context.fileSystem);
      if (seen.has(status.identity) || seen.size >= MAX_DEPTH) throw loop(path, seen.size);
      seen.add(status.identity);
      const opened = await open(child, next.format, status, context);
      layers.push(opened.layer);
      checkIdentity(image, child, next, opened);
      for (const message of opened.warnings ?? [])
        warnings.push({ severity: 'warning', code: 'parent-warning', message: `${child}: ${message}` });
      next = opened.parent;
    }
    return { layers, warnings };
  } catch (error) {
    await Promise.all(layers.map((layer) => layer[Symbol.asyncDispose]()));
    throw error;
  }
}

/** The first of the names that leads to a file. When none does, one that only lacks permission says why, else the best. */
async function resolveParent(image: string, { names }: NamedParent, context: ChainContext): Promise<string> {
  const failures: unknown[] = [];
  for (const name of names) {
    try {
      const companion = { what: 'backing file', name, image };
      return await resolveCompanion(companion, context.parents, context.fileSystem);
    } catch (error) {
      failures.push(error);
    }
  }
  throw (
    failures.find((error) => SendenseError.is(error, 'PERMISSION_DENIED')) ?? failures[0] ?? nameless(image)
  );
}

function nameless(image: string): SendenseError {
  return new SendenseError('PARENT_MISSING', `${image} needs a backing file and does not name it`, {
    operation: 'open-image',
    remedy: 'take another copy of the image, or merge it into one file where it was made',
    context: { path: image },
  });
}

function checkIdentity(image: string, path: string, { identity }: NamedParent, parent: OpenedLayer): void {
  if (identity === undefined) return;
  if (parent.identity !== undefined && [identity].flat().includes(parent.identity)) return;
  throw new SendenseError('CORRUPT', `${path} is not the parent that ${image} was made on`, {
    operation: 'open-image',
    remedy:
      'give the parent as it was when the child was made: it was changed since, or replaced by another file',
    context: { path: image, parent: path, wanted: identity, found: parent.identity ?? null },
  });
}

type ImageFileKind = { readonly kind: 'file' | 'device' };

/** The status of a file that must be there. */
export async function statusOf(path: string, fileSystem: FileSystem): Promise<FileStatus & ImageFileKind> {
  const status = await fileSystem.stat(path);
  if (status?.kind === 'file' || status?.kind === 'device') return { ...status, kind: status.kind };
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
