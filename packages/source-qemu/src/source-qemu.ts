import { tmpdir } from 'node:os';
import {
  type Capture,
  type ChangeState,
  type Keep,
  type LogSink,
  type Plugin,
  type PluginServices,
  type ReconcileReport,
  type SourceConnector,
  systemClock,
  systemRandom,
} from '@sendense/core';
import { isLeftover, isNamedBy } from '@sendense/plugin-kit/baselines';
import {
  type FileSystem,
  type ImageLocks,
  linuxImageLocks,
  nodeFileSystem,
} from '@sendense/plugin-kit/files';
import { beginCapture, describeFor } from './begin-capture.ts';
import { capabilitiesOf } from './capabilities.ts';
import { checkMachine, decide, planOf } from './capture-plan.ts';
import type { SourceContext } from './context.ts';
import type { MachineHost } from './host/machine-host.ts';
import { DomainHost } from './libvirt/domain-host.ts';
import {
  type CheckedOptions,
  checkOptions,
  type QemuSourceOptions,
  qemuSourceOptionsSchema,
} from './options.ts';
import { QmpHost } from './qmp/qmp-host.ts';

/** What the source takes from its host; tests replace any of it. */
export type QemuSourceServices = Partial<
  Pick<PluginServices, 'clock' | 'random' | 'temporaryDirectory' | 'drivers'> & {
    readonly log: LogSink;
    /** Looks after scratch files; by default the one of Node.js. */
    readonly fileSystem: FileSystem;
    /** Says who holds an image of a stopped domain; by default what Linux tells in `/proc/locks`. */
    readonly imageLocks: ImageLocks;
  }
>;

function openHost(options: CheckedOptions, services: QemuSourceServices): MachineHost {
  const { clock = systemClock, random = systemRandom, drivers = [], imageLocks = linuxImageLocks } = services;
  const { temporaryDirectory = tmpdir(), fileSystem = nodeFileSystem } = services;
  const { machineId, name, scratch: scratchFolder, maxBaselines } = options;
  if ('libvirt' in options) {
    const where = { ...options.libvirt, machineId, name, scratchFolder, temporaryDirectory, maxBaselines };
    return new DomainHost(where, { fileSystem, clock, random, drivers, imageLocks });
  }
  const { qmp: socket, nbd, monitorWaitMs } = options;
  const where = { socket, machineId, name, scratchFolder, nbd, monitorWaitMs, temporaryDirectory };
  return new QmpHost(where, fileSystem, () => clock.now());
}

async function retire({ host }: SourceContext, states: readonly ChangeState[]): Promise<void> {
  if (states.length === 0) return;
  await host.removeBitmaps(({ name }) => isNamedBy(states, name));
}

async function reconcile({ host, clock }: SourceContext, keep: Keep): Promise<ReconcileReport> {
  const now = clock.now();
  const temporary = await host.tidy((made) => isLeftover(made, keep, now));
  const bitmaps = await host.removeBitmaps((made) => isLeftover(made, keep, now));
  return {
    removed: [...temporary.removed, ...bitmaps.removed],
    findings: [...temporary.findings, ...bitmaps.findings],
  };
}

/**
 * Backs up a machine, which may run: all disks at one instant, and after the first time only what changed. Nothing is
 * opened before the first call. Throws `CONFIG_INVALID` for wrong options.
 */
export function createQemuSource(
  options: QemuSourceOptions,
  services: QemuSourceServices = {},
): SourceConnector {
  const checked = checkOptions(options);
  const host = openHost(checked, services);
  const { clock = systemClock, random = systemRandom, log } = services;
  const context: SourceContext = { options: checked, host, clock, random, log };
  const captures = new Set<Capture>();
  return {
    specificationVersion: 'v1',
    platform: 'qemu',
    capabilities: capabilitiesOf(checked),
    async *machines(filter, call) {
      const { machine, spec, power } = await host.describe(call);
      const matches = filter?.tag === undefined && (filter?.name ?? spec.name) === spec.name;
      if (matches) yield { machine, name: spec.name, power };
    },
    async describe(machine, call) {
      const found = await host.describe(call);
      checkMachine(machine, found);
      return found.spec;
    },
    async plan(request, call) {
      const machine = await describeFor(context, request, call);
      const weakened = host.checkConsistency(request.consistency, machine.power);
      return planOf(await decide(context, request, machine), weakened, request.stream);
    },
    async capture(request, call) {
      const capture = await beginCapture(context, request, (closed) => void captures.delete(closed), call);
      captures.add(capture);
      return capture;
    },
    retire: (states) => retire(context, states),
    reconcile: (keep) => reconcile(context, keep),
    async [Symbol.asyncDispose]() {
      for (const capture of captures) await capture[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

/** Lets a host find and configure the source by name. */
export const plugin: Plugin<'source', QemuSourceOptions> = {
  kind: 'source',
  name: 'qemu',
  specificationVersion: 'v1',
  options: qemuSourceOptionsSchema,
  create: async (options, services) => createQemuSource(options, services),
};
