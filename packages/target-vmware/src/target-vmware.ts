import {
  type LogSink,
  type Plugin,
  type PluginServices,
  type RestoreWriter,
  type Secrets,
  systemClock,
  systemRandom,
  type TargetConnector,
} from '@sendense/core';
import { VMWARE_PLATFORM } from '@sendense/platform-vmware';
import { systemTimer, type Timer } from '@sendense/plugin-kit';
import { capabilities } from './capabilities.ts';
import { lazySession } from './connect.ts';
import type { TargetContext } from './context.ts';
import { parseVmwareTargetOptions, type VmwareTargetOptions, vmwareTargetOptionsSchema } from './options.ts';
import { beginRestore } from './restore/begin-restore.ts';
import { checkRestore } from './restore/check-restore.ts';
import { lazyInstallation } from './restore/installation.ts';
import { reconcileLeftovers } from './restore/reconcile-leftovers.ts';

/** What the target takes from its host. */
export type VmwareTargetServices = Partial<Pick<PluginServices, 'clock' | 'random'>> & {
  /** Knows the password of the user. */
  readonly secrets: Secrets;
  readonly log?: LogSink;
  readonly timer?: Timer;
};

/**
 * Restores to a new machine of a vCenter, or of an ESXi on its own. Nothing is connected to before the first call. Throws
 * `CONFIG_INVALID` for wrong options.
 */
export function createVmwareTarget(
  options: VmwareTargetOptions,
  services: VmwareTargetServices,
): TargetConnector {
  const { clock = systemClock, random = systemRandom, timer = systemTimer, log, secrets } = services;
  const checked = parseVmwareTargetOptions(options);
  const session = lazySession(checked, timer, secrets);
  const installation = lazyInstallation(checked.stateFolder, random);
  const { connect } = session;
  const context: TargetContext = { options: checked, clock, random, timer, log, installation, connect };
  const restores = new Set<RestoreWriter>();
  return {
    specificationVersion: 'v1',
    platform: VMWARE_PLATFORM,
    capabilities,
    check: (request, call) => checkRestore(context, request, call),
    begin: (plan, run, call) => beginRestore(context, restores, plan, run, call),
    reconcile: (keep, call) => reconcileLeftovers(context, keep, call),
    async [Symbol.asyncDispose]() {
      for (const opened of restores) await opened[Symbol.asyncDispose]();
      await session[Symbol.asyncDispose]();
    },
  };
}

/** Lets a host find and configure the target by name. */
export const plugin: Plugin<'target', VmwareTargetOptions> = {
  kind: 'target',
  name: 'vmware',
  specificationVersion: 'v1',
  options: vmwareTargetOptionsSchema,
  create: async (options, { clock, random, log, secrets }) =>
    createVmwareTarget(options, { clock, random, log, secrets }),
};
