import { resolve } from 'node:path';
import { type DiskFormat, type PluginServices, SendenseError, type TargetConnector } from '@sendense/core';
import { processEnvironment } from '@sendense/plugin-kit';
import { createImageTarget } from '@sendense/target-image';
import { parseLibvirtPlace } from './libvirt-place.ts';
import { parsePlaceName, placeOf } from './place-name.ts';
import { type AskVmwareAccount, createAskVmwareAccount } from './vmware-account.ts';
import { parseVmwareTargetPlace } from './vmware-target-place.ts';

/** How a target's name is understood. */
export type ResolveTargetOptions = {
  /** Relative paths start here; default the working directory of the process. */
  readonly workingDirectory?: string;
  /** Default by the file's name, and QCOW2 in a folder and for libvirt. */
  readonly format?: DiskFormat;
  /** Files and folders that are never written to, e.g. the repository. */
  readonly protect?: readonly string[];
  /** Who logs in at a vCenter or ESXi. Default: the variables `SENDENSE_VMWARE_…`. */
  readonly vmwareAccount?: AskVmwareAccount;
  /** Folder of this installation: `reconcile` then leaves alone what other installations restore to the same vCenter. */
  readonly stateFolder?: string;
};

/** Where a target writes: enough to open it again, plain JSON without secrets. */
export type TargetPlace = {
  readonly kind: 'image' | 'libvirt' | 'ova' | 'vmware';
  /** The file or folder of the disks, or of the package; of a vCenter, what stands behind `vmware:`. */
  readonly path: string;
  readonly format: DiskFormat | null;
  /** What stands behind `libvirt:` or `vmware:`; an image and a package are named by their paths. */
  readonly name: string | null;
};

/** A target, and what opens it again in another process. */
export type ResolvedTarget = { readonly target: TargetConnector; readonly place: TargetPlace };

type TargetServices = Partial<
  Pick<PluginServices, 'clock' | 'random' | 'drivers' | 'temporaryDirectory' | 'log'>
>;

/**
 * The target that a name stands for: `image:FILE` for one disk, `image:FOLDER/` for several, `ova:FILE.ova` or `ova:FOLDER/` for a
 * package of a machine, `libvirt:NAME` or `vmware://HOST/NAME` for a machine.
 * The caller disposes it.
 */
export async function resolveTarget(
  name: string,
  options: ResolveTargetOptions = {},
  services: TargetServices = {},
): Promise<ResolvedTarget> {
  const rest = placeOf('target', name, ['image', 'ova', 'libvirt', 'vmware']);
  const { format, protect, workingDirectory = process.cwd() } = options;
  const common = {
    ...(format !== undefined && { format }),
    ...(protect !== undefined && { protect: [...protect] }),
  };
  const { kind } = parsePlaceName('target', name);
  if (kind === 'vmware') return await vmwareTarget(rest, options, services);
  if (kind === 'libvirt') {
    const { createQemuTarget, parseQemuTargetOptions } = await import('@sendense/target-qemu');
    const { folder, options: given } = parseLibvirtPlace(rest, workingDirectory);
    const checked = parseQemuTargetOptions({ ...given, ...common });
    const place = { kind: 'libvirt', path: folder, format: format ?? null, name: rest } as const;
    return { target: createQemuTarget(checked, services), place };
  }
  // `resolve` drops the slash that says "a folder".
  const path = resolve(workingDirectory, rest) + (rest.endsWith('/') ? '/' : '');
  if (kind === 'ova') return await ovaTarget(path, options, services);
  const target = createImageTarget({ path, ...common }, services);
  return { target, place: { kind: 'image', path, format: format ?? null, name: null } };
}

function noFormat(what: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `a format belongs to image files, not to ${what}`, {
    operation: 'open-target',
    remedy: 'leave it out',
  });
}

async function ovaTarget(
  path: string,
  { format, protect = [] }: ResolveTargetOptions,
  services: TargetServices,
): Promise<ResolvedTarget> {
  if (format !== undefined) throw noFormat('packages');
  const { createOvaTarget } = await import('@sendense/target-vmware');
  const target = createOvaTarget({ path, protect: [...protect] }, services);
  return { target, place: { kind: 'ova', path, format: null, name: null } };
}

async function vmwareTarget(
  rest: string,
  { format, workingDirectory, vmwareAccount, stateFolder }: ResolveTargetOptions,
  services: TargetServices,
): Promise<ResolvedTarget> {
  if (format !== undefined) throw noFormat('machines of vSphere');
  const { createVmwareTarget, parseVmwareTargetOptions } = await import('@sendense/target-vmware');
  const { server: address, options } = parseVmwareTargetPlace(rest);
  // what is wrong with the name is told before anybody is asked for a password
  parseVmwareTargetOptions({ ...options, address, user: 'unknown' });
  const given = workingDirectory === undefined ? {} : { workingDirectory };
  const ask = vmwareAccount ?? createAskVmwareAccount(processEnvironment(), given);
  const { password, ...account } = await ask(address);
  const installation = stateFolder === undefined ? {} : { stateFolder };
  const checked = parseVmwareTargetOptions({ ...options, ...account, ...installation, address });
  const target = createVmwareTarget(checked, { ...services, secrets: { get: async () => password } });
  return { target, place: { kind: 'vmware', path: rest, format: null, name: rest } };
}

/** The name that stands for a place, whatever the working directory is. */
export function targetNameOf({ kind, path, name }: TargetPlace): string {
  return kind === 'image' || kind === 'ova' ? `${kind}:${path}` : `${kind}:${name ?? ''}`;
}
