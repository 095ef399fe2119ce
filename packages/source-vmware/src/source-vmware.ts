import { tmpdir } from 'node:os';
import {
  type Call,
  type Capture,
  type CapturePlan,
  type CaptureRequest,
  type LogSink,
  type Plugin,
  type PluginServices,
  type Secrets,
  type SourceConnector,
  systemClock,
  systemRandom,
} from '@sendense/core';
import { machineSpecOf } from '@sendense/platform-vmware';
import { systemTimer, type Timer } from '@sendense/plugin-kit';
import { beginCapture } from './begin-capture.ts';
import { capabilitiesOf } from './capabilities.ts';
import { decide, hostOf, planOf } from './capture-plan.ts';
import { createConnection } from './connect.ts';
import { checkConsistency, weakened } from './consistency.ts';
import { createExclusion, type SourceContext } from './context.ts';
import { belowOurs, reconcileSnapshots } from './leftovers.ts';
import { listWanted } from './list-wanted.ts';
import { describeRef, summaryOf } from './machine.ts';
import { readMachineTags } from './machine-tags.ts';
import { checkOptions, type VmwareSourceOptions, vmwareSourceOptionsSchema } from './options.ts';
import { snapshotFindings } from './prerequisites.ts';
import { plannedReset } from './reset-tracking.ts';
import { readWhole } from './transport/read-whole.ts';

/** What the source takes from its host. */
export type VmwareSourceServices = Partial<
  Pick<PluginServices, 'clock' | 'random' | 'drivers' | 'temporaryDirectory'>
> & {
  /** Knows the password of the user. */
  readonly secrets: Secrets;
  readonly log?: LogSink;
  readonly timer?: Timer;
};

async function plan(context: SourceContext, request: CaptureRequest, call?: Call): Promise<CapturePlan> {
  const { options, clock } = context;
  const connection = await context.connect(call);
  const { machine, names } = await describeRef(connection, request.machine, call);
  checkConsistency(request.consistency, machine);
  const { disks, snapshots } = machine;
  const below = belowOurs(snapshots, snapshots.current);
  const view = { machine, disks, snapshot: undefined, below };
  const decision = await decide(context, connection.vim, request, view, call);
  const best = machine.power === 'on' && request.consistency.want !== 'crash' ? 'filesystem' : 'crash';
  const whole = await readWhole(connection.vim, options, decision.disks, call);
  return planOf(decision, whole, hostOf(connection.vim, machine, names), [
    ...weakened(request.consistency, best, 'it is the most that vSphere gives of this machine'),
    ...plannedReset(options, machine, decision),
    ...snapshotFindings(machine, options, clock.now()),
  ]);
}

/**
 * Backs up machines of a vCenter, or of an ESXi on its own, running or not: all disks at one instant, and after the first time only
 * what changed. Nothing is connected to before the first call. Throws `CONFIG_INVALID` for wrong options.
 */
export function createVmwareSource(
  options: VmwareSourceOptions,
  services: VmwareSourceServices,
): SourceConnector {
  const { clock = systemClock, random = systemRandom, timer = systemTimer, log, secrets } = services;
  const { drivers = [], temporaryDirectory = tmpdir() } = services;
  const base = { options: checkOptions(options), clock, random, timer, log };
  const connection = createConnection(base, secrets);
  const context: SourceContext = {
    ...base,
    services: { drivers, temporaryDirectory },
    connect: connection.connect,
    exclusively: createExclusion(),
    retired: new Set(),
  };
  const captures = new Set<Capture>();
  return {
    specificationVersion: 'v1',
    platform: 'vmware',
    capabilities: capabilitiesOf(base.options),
    async *machines(filter, call) {
      const opened = await context.connect(call);
      for (const machine of await listWanted(opened.vim, filter, call)) yield summaryOf(opened, machine);
    },
    async describe(ref, call) {
      const opened = await context.connect(call);
      const { machine, names } = await describeRef(opened, ref, call);
      const { tags, findings } = await readMachineTags(opened, machine.object, call);
      for (const { message } of findings)
        log?.({ level: 'warn', message, fields: { machine: machine.name } });
      return machineSpecOf(machine, names, tags);
    },
    plan: (request, call) => plan(context, request, call),
    async capture(request, call) {
      const capture = await beginCapture(context, request, (closed) => void captures.delete(closed), call);
      captures.add(capture);
      return capture;
    },
    // the server keeps nothing for a change id: all there is to forget is here
    async retire(states) {
      for (const { instant } of states) context.retired.add(instant);
    },
    reconcile: (keep, call) => reconcileSnapshots(context, keep, call),
    async [Symbol.asyncDispose]() {
      for (const capture of captures) await capture[Symbol.asyncDispose]();
      await connection[Symbol.asyncDispose]();
    },
  };
}

/** Lets a host find and configure the source by name. */
export const plugin: Plugin<'source', VmwareSourceOptions> = {
  kind: 'source',
  name: 'vmware',
  specificationVersion: 'v1',
  options: vmwareSourceOptionsSchema,
  create: async (options, { clock, random, log, secrets, drivers, temporaryDirectory }) =>
    createVmwareSource(options, { clock, random, log, secrets, drivers, temporaryDirectory }),
};
