import { resolve } from 'node:path';
import type { PluginServices, TargetConnector } from '@sendense/core';
import { createImageTarget } from '@sendense/target-image';
import { placeOf } from './place-name.ts';

/** How a target's name is understood. */
export type ResolveTargetOptions = {
  /** Relative paths start here; default the working directory of the process. */
  readonly workingDirectory?: string;
  /** Default by the file's name, and QCOW2 in a folder. */
  readonly format?: 'raw' | 'qcow2';
  /** Files and folders that are never written to, e.g. the repository. */
  readonly protect?: readonly string[];
};

/** A target, and what opens it again in another process: plain JSON without secrets. */
export type ResolvedTarget = {
  readonly target: TargetConnector;
  readonly place: { readonly kind: 'image'; readonly path: string; readonly format: 'raw' | 'qcow2' | null };
};

/** The target that a name stands for: `image:FILE` for one disk, `image:FOLDER/` for several. The caller disposes it. */
export function resolveTarget(
  name: string,
  options: ResolveTargetOptions = {},
  services: Partial<Pick<PluginServices, 'clock' | 'random' | 'drivers'>> = {},
): ResolvedTarget {
  const rest = placeOf('target', name, ['image']);
  // `resolve` drops the slash that says "a folder".
  const path = resolve(options.workingDirectory ?? process.cwd(), rest) + (rest.endsWith('/') ? '/' : '');
  const { format, protect } = options;
  const target = createImageTarget(
    {
      path,
      ...(format !== undefined && { format }),
      ...(protect !== undefined && { protect: [...protect] }),
    },
    services,
  );
  return { target, place: { kind: 'image', path, format: format ?? null } };
}
