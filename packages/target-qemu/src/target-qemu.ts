import { tmpdir } from 'node:os';
import {
  type Plugin,
  type RestoreWriter,
  systemClock,
  systemRandom,
  type TargetConnector,
} from '@sendense/core';
import { LIBVIRT_PLATFORM } from '@sendense/platform-kvm/domain';
import { openVirsh } from '@sendense/platform-kvm/virsh';
import { linuxImageLocks, nodeFileSystem } from '@sendense/plugin-kit/files';
import { capabilitiesOf } from './capabilities.ts';
import type { QemuTargetServices, TargetContext } from './context.ts';
import { LibvirtHost } from './host/libvirt-host.ts';
import { parseQemuTargetOptions, type QemuTargetOptions, qemuTargetOptionsSchema } from './options.ts';
import { beginRestore } from './restore/begin-restore.ts';
import { checkRestore } from './restore/check-restore.ts';
import { reconcileLeftovers } from './restore/reconcile-leftovers.ts';

/**
 * Restores to libvirt on this host: a new domain, disks alone, or the disks of a stopped domain. Throws `CONFIG_INVALID`
 * for wrong options.
 */
export function createQemuTarget(
  options: QemuTargetOptions,
  services: QemuTargetServices = {},
): TargetConnector {
  const checked = parseQemuTargetOptions(options);
  const fileSystem = services.fileSystem ?? nodeFileSystem;
  const temporaryDirectory = services.temporaryDirectory ?? tmpdir();
  const virsh = services.virsh ?? openVirsh({ uri: checked.uri });
  const context: TargetContext = {
    options: checked,
    fileSystem,
    temporaryDirectory,
    clock: services.clock ?? systemClock,
    random: services.random ?? systemRandom,
    drivers: services.drivers ?? [],
    imageLocks: services.imageLocks ?? linuxImageLocks,
    host: new LibvirtHost(virsh, fileSystem, temporaryDirectory),
  };
  const restores = new Set<RestoreWriter>();
  return {
    specificationVersion: 'v1',
    platform: LIBVIRT_PLATFORM,
    capabilities: capabilitiesOf(checked),
    check: (request, call) => checkRestore(context, request, call),
    begin: (plan, run, call) => beginRestore(context, restores, plan, run, call),
    reconcile: (keep, call) => reconcileLeftovers(context, keep, call),
    async [Symbol.asyncDispose]() {
      for (const opened of restores) await opened[Symbol.asyncDispose]();
      await context.host[Symbol.asyncDispose]();
    },
  };
}

/** Lets a host find and configure the target by name. */
export const plugin: Plugin<'target', QemuTargetOptions> = {
  kind: 'target',
  name: 'libvirt',
  specificationVersion: 'v1',
  options: qemuTargetOptionsSchema,
  create: async (options, { clock, random, drivers, temporaryDirectory }) =>
    createQemuTarget(options, { clock, random, drivers, temporaryDirectory }),
};
