import {
  type Capture,
  type CaptureRequest,
  type Finding,
  type PluginServices,
  type SkippedDisk,
  type SourceCapabilities,
  type SourceConnector,
  systemServices,
} from '@sendense/core';
import { MemoryHypervisor } from '../hypervisor/memory-hypervisor.ts';
import type { MemoryMachine } from '../hypervisor/memory-machine.ts';
import { Lifetime } from '../lifetime.ts';
import { type AnswerContext, answerChanges } from './answer-changes.ts';
import { freezeMachine } from './freeze-machine.ts';
import { openMemoryCapture } from './memory-capture.ts';
import { parseState } from './memory-state.ts';
import { negotiateConsistency } from './negotiate-consistency.ts';
import { planDisks } from './plan-disks.ts';
import { reconcileSource } from './reconcile-source.ts';
import { memorySourceCapabilities } from './source-capabilities.ts';

/** How a memory source behaves. */
export type MemorySourceOptions = {
  /** What outlives the connector: make a second connector over it for a second process. */
  readonly hypervisor?: MemoryHypervisor;
  /** Whose objects it makes and reconciles. Default `sendense`. */
  readonly owner?: string;
  readonly services?: PluginServices;
  /** Capabilities to take away, so that callers can be tested without them. */
  readonly capabilities?: Partial<Omit<SourceCapabilities, 'proof'>>;
  /** How long a baseline lives. Default for ever. */
  readonly baselineLifetimeMs?: number;
};

/** A memory source with its hypervisor. */
export interface MemorySource extends SourceConnector {
  readonly hypervisor: MemoryHypervisor;
}

/** Captures the machines of a memory hypervisor, with dirty bitmaps that each record since their own instant. */
export function createMemorySource(options: MemorySourceOptions = {}): MemorySource {
  const { hypervisor = new MemoryHypervisor(), owner = 'sendense', services = systemServices() } = options;
  const capabilities = { ...memorySourceCapabilities, ...options.capabilities };
  const lifetime = new Lifetime('memory source');
  const context = { hypervisor, owner, services, capabilities, lifetimeMs: options.baselineLifetimeMs };
  return {
    specificationVersion: 'v1',
    platform: 'memory',
    hypervisor,
    capabilities,
    async *machines(filter, call) {
      await lifetime.enter('list-machines', call);
      for (const { ref, name, power } of hypervisor.machines.values()) {
        lifetime.check('list-machines', call);
        if ((filter?.name ?? name) === name && filter?.tag === undefined) yield { machine: ref, name, power };
      }
    },
    async describe(ref, call) {
      await lifetime.enter('describe-machine', call);
      return hypervisor.machine(ref).spec();
    },
    async plan(request, call) {
      await lifetime.enter('plan-capture', call);
      const machine = hypervisor.machine(request.machine);
      const { findings } = negotiateConsistency(request.consistency, machine.quiesces);
      const skipped = skippedDisks(machine, request);
      return {
        disks: await planDisks(machine, skipped, answerContext(machine, request, context)),
        skipped,
        lanes: [{ key: 'memory-hypervisor', max: 4 }],
        findings: [...findings, ...baselinesFull(machine, context)],
        otherBaselines: strangersOf(machine, request, context),
      };
    },
    async capture(request, call) {
      await lifetime.enter('capture-machine', call);
      return captureMachine(hypervisor.machine(request.machine), request, context);
    },
    async retire(states, call) {
      await lifetime.enter('retire-states', call);
      for (const state of states) {
        const data = parseState(state);
        if (data !== undefined) hypervisor.dropBaseline(data.bitmap);
      }
    },
    async reconcile(keep, call) {
      await lifetime.enter('reconcile-source', call);
      return reconcileSource(hypervisor, keep, services.clock.now());
    },
    async [Symbol.asyncDispose]() {
      lifetime.close();
    },
  };
}

type SourceContext = {
  readonly hypervisor: MemoryHypervisor;
  readonly owner: string;
  readonly services: PluginServices;
  readonly capabilities: SourceCapabilities;
  readonly lifetimeMs: number | undefined;
};

function captureMachine(machine: MemoryMachine, request: CaptureRequest, context: SourceContext): Capture {
  const { hypervisor, services, lifetimeMs, capabilities } = context;
  const negotiated = negotiateConsistency(request.consistency, machine.quiesces);
  const full = baselinesFull(machine, context);
  const keeps = capabilities.tracking && full.length === 0;
  const granularityBytes = keeps ? capabilities.granularityBytes : null;
  const frozen = freezeMachine(machine, request, { ...context, granularityBytes });
  const expiry = lifetimeMs === undefined ? undefined : services.clock.now().getTime() + lifetimeMs;
  return openMemoryCapture({
    hypervisor,
    frozen,
    spec: machine.spec(),
    consistency: negotiated.obtained,
    reverts: machine.reverts,
    order: capabilities.order,
    skipped: skippedDisks(machine, request),
    findings: [...negotiated.findings, ...full],
    expiresAt: expiry === undefined ? undefined : new Date(expiry).toISOString(),
    otherBaselines: strangersOf(machine, request, context),
    devices: new Map(machine.disks.map((disk) => [disk.id, disk])),
    answer: (disk) => answerChanges(disk, answerContext(machine, request, context)),
  });
}

function answerContext(
  machine: MemoryMachine,
  { since }: CaptureRequest,
  context: SourceContext,
): AnswerContext {
  const now = context.services.clock.now();
  return { tracking: context.capabilities.tracking, since, now, reverts: machine.reverts };
}

function baselinesOf(machine: MemoryMachine, { hypervisor }: SourceContext) {
  return [...hypervisor.baselines.values()].filter((baseline) => baseline.machine.id === machine.ref.id);
}

function strangersOf(machine: MemoryMachine, { stream }: CaptureRequest, context: SourceContext): number {
  return baselinesOf(machine, context).filter((baseline) => baseline.stream !== stream).length;
}

function baselinesFull(machine: MemoryMachine, context: SourceContext): Finding[] {
  const { capabilities } = context;
  const kept = baselinesOf(machine, context);
  if (!capabilities.tracking || kept.length < capabilities.baselinesPerMachine) return [];
  const message = `the machine already has ${kept.length} baselines, so the next backup will be full`;
  return [{ severity: 'warning', code: 'baseline-limit', message }];
}

function skippedDisks(machine: MemoryMachine, request: CaptureRequest): SkippedDisk[] {
  const excluded = new Set(request.disks?.exclude);
  return machine.disks
    .filter(({ id }) => excluded.has(id))
    .map(({ id }) => ({ id, reason: 'excluded by the request' }));
}
