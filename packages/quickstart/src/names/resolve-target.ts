import { resolve } from 'node:path';
import type { DiskFormat, PluginServices, TargetConnector } from '@sendense/core';
import { createImageTarget } from '@sendense/target-image';
import { parseLibvirtPlace } from './libvirt-place.ts';
import { parsePlaceName, placeOf } from './place-name.ts';

/** How a target's name is understood. */
export type ResolveTargetOptions = {
  /** Relative paths start here; default the working directory of the process. */
  readonly workingDirectory?: string;
  /** Default by the file's name, and QCOW2 in a folder and for libvirt. */
  readonly format?: DiskFormat;
  /** Files and folders that are never written to, e.g. the repository. */
  readonly protect?: readonly string[];
};

/** Where a target writes: enough to open it again, plain JSON without secrets. */
export type TargetPlace = {
  readonly kind: 'image' | 'libvirt';
  /** The file or folder of the disks. */
  readonly path: string;
  readonly format: DiskFormat | null;
  /** What stands behind `libvirt:`; an image is named by its path. */
  readonly name: string | null;
};

/** A target, and what opens it again in another process. */
export type ResolvedTarget = { readonly target: TargetConnector; readonly place: TargetPlace };

type TargetServices = Partial<Pick<PluginServices, 'clock' | 'random' | 'drivers' | 'temporaryDirectory'>>;

/**
 * The target that a name stands for: `image:FILE` for one disk, `image:FOLDER/` for several, `libvirt:NAME` for a machine.
 * The caller disposes it.
 */
export async function resolveTarget(
  name: string,
  options: ResolveTargetOptions = {},
  services: TargetServices = {},
): Promise<ResolvedTarget> {
  const rest = placeOf('target', name, ['image', 'libvirt']);
  const { format, protect, workingDirectory = process.cwd() } = options;
  const common = {
    ...(format !== undefined && { format }),
    ...(protect !== undefined && { protect: [...protect] }),
  };
  if (parsePlaceName('target', name).kind === 'libvirt') {
    const { createQemuTarget, parseQemuTargetOptions } = await import('@sendense/target-qemu');
    const { folder, options: given } = parseLibvirtPlace(rest, workingDirectory);
    const checked = parseQemuTargetOptions({ ...given, ...common });
    const place = { kind: 'libvirt', path: folder, format: format ?? null, name: rest } as const;
    return { target: createQemuTarget(checked, services), place };
  }
  // `resolve` drops the slash that says "a folder".
  const path = resolve(workingDirectory, rest) + (rest.endsWith('/') ? '/' : '');
  const target = createImageTarget({ path, ...common }, services);
  return { target, place: { kind: 'image', path, format: format ?? null, name: null } };
}

/** The name that stands for a place, whatever the working directory is. */
export function targetNameOf({ kind, path, name }: TargetPlace): string {
  return kind === 'libvirt' ? `libvirt:${name ?? ''}` : `image:${path}`;
}
