import {
  type Plugin,
  type RestoreWriter,
  systemClock,
  systemRandom,
  type TargetConnector,
  throwIfAborted,
} from '@sendense/core';
import { linuxImageLocks, nodeFileSystem } from '@sendense/plugin-kit/files';
import { beginRestore } from './begin-restore.ts';
import { capabilitiesOf } from './capabilities.ts';
import { checkRestore, PLATFORM } from './check-restore.ts';
import type { ImageTargetServices, TargetContext } from './context.ts';
import { checkOptions, type ImageTargetOptions, imageTargetOptionsSchema } from './options.ts';
import { reconcilePartials } from './reconcile-partials.ts';

/**
 * Restores disks to image files: into a file of another name beside the destination, which gets its name when all disks
 * are complete and durable. Throws `CONFIG_INVALID` for wrong options.
 */
export function createImageTarget(
  options: ImageTargetOptions,
  services: ImageTargetServices = {},
): TargetConnector {
  const context: TargetContext = {
    options: checkOptions(options),
    fileSystem: services.fileSystem ?? nodeFileSystem,
    clock: services.clock ?? systemClock,
    random: services.random ?? systemRandom,
    drivers: services.drivers ?? [],
    imageLocks: services.imageLocks ?? linuxImageLocks,
  };
  const capabilities = capabilitiesOf(context.options);
  const restores = new Set<RestoreWriter>();
  return {
    specificationVersion: 'v1',
    platform: PLATFORM,
    capabilities,
    check: (request) => checkRestore(context, request, capabilities),
    begin: async (plan, run, call) => {
      throwIfAborted(call?.signal, 'begin-restore');
      return await beginRestore(context, restores, plan, run);
    },
    reconcile: (keep) => reconcilePartials(context, keep),
    async [Symbol.asyncDispose]() {
      for (const opened of restores) await opened[Symbol.asyncDispose]();
    },
  };
}

/** Lets a host find and configure the target by name. */
export const plugin: Plugin<'target', ImageTargetOptions> = {
  kind: 'target',
  name: 'image',
  specificationVersion: 'v1',
  options: imageTargetOptionsSchema,
  create: async (options, { clock, random, drivers }) =>
    createImageTarget(options, { clock, random, drivers }),
};
