import {
  type Plugin,
  type RestoreWriter,
  systemClock,
  systemRandom,
  type TargetConnector,
} from '@sendense/core';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { beginPackage } from './begin-package.ts';
import { checkPackage, OVF_PLATFORM } from './check-package.ts';
import { type OvaTargetOptions, ovaTargetOptionsSchema, parseOvaTargetOptions } from './options.ts';
import { ovaCapabilitiesOf } from './ova-capabilities.ts';
import type { OvaTargetServices, PackageContext } from './package-context.ts';
import { reconcilePackages } from './reconcile-packages.ts';

/**
 * Restores a machine to an OVF package: an OVA file, or a folder. It gets its name when it is complete and durable. Throws
 * `CONFIG_INVALID` for wrong options.
 */
export function createOvaTarget(
  options: OvaTargetOptions,
  services: OvaTargetServices = {},
): TargetConnector {
  const { fileSystem = nodeFileSystem, clock = systemClock, random = systemRandom } = services;
  const checked = parseOvaTargetOptions(options);
  const context: PackageContext = { options: checked, fileSystem, clock, random };
  const restores = new Set<RestoreWriter>();
  return {
    specificationVersion: 'v1',
    platform: OVF_PLATFORM,
    capabilities: ovaCapabilitiesOf(checked),
    check: (request, call) => checkPackage(context, request, call),
    begin: (plan, run, call) => beginPackage(context, restores, plan, run, call),
    reconcile: (keep) => reconcilePackages(context, keep),
    async [Symbol.asyncDispose]() {
      for (const opened of restores) await opened[Symbol.asyncDispose]();
    },
  };
}

/** Lets a host find and configure the target by name. */
export const ovaPlugin: Plugin<'target', OvaTargetOptions> = {
  kind: 'target',
  name: 'ova',
  specificationVersion: 'v1',
  options: ovaTargetOptionsSchema,
  create: async (options, { clock, random }) => createOvaTarget(options, { clock, random }),
};
