import {
  type Keep,
  type PluginServices,
  type ReconcileReport,
  type RestorePlan,
  type RestoreRun,
  SendenseError,
  systemServices,
  type TargetCapabilities,
  type TargetConnector,
} from '@sendense/core';
import { DiskContent } from '../disk/disk-content.ts';
import { MemoryHypervisor } from '../hypervisor/memory-hypervisor.ts';
import { Lifetime } from '../lifetime.ts';
import { createMemoryReplicas } from '../replica/memory-replicas.ts';
import { checkRestore } from './check-restore.ts';
import { openMemoryRestoreWriter, removePlan, restoreState, workingName } from './memory-restore-writer.ts';
import { memoryTargetCapabilities } from './target-capabilities.ts';

/** How a memory target behaves. */
export type MemoryTargetOptions = {
  /** What outlives the connector; the memory source can capture the machines restored to it. */
  readonly hypervisor?: MemoryHypervisor;
  /** Whose objects it makes and reconciles. Default `sendense`. */
  readonly owner?: string;
  readonly services?: PluginServices;
  /** Capabilities to take away, so that callers can be tested without them. */
  readonly capabilities?: Partial<Omit<TargetCapabilities, 'proof'>>;
};

/** A memory target with its hypervisor. */
export interface MemoryTarget extends TargetConnector {
  readonly hypervisor: MemoryHypervisor;
}

/** Restores to volumes of a memory hypervisor, and makes machines of them. */
export function createMemoryTarget(options: MemoryTargetOptions = {}): MemoryTarget {
  const { hypervisor = new MemoryHypervisor(), owner = 'sendense', services = systemServices() } = options;
  const capabilities = { ...memoryTargetCapabilities, ...options.capabilities };
  const lifetime = new Lifetime('memory target');
  const { replica: offered } = capabilities;
  return {
    specificationVersion: 'v1',
    platform: 'memory',
    hypervisor,
    capabilities,
    async check(request, call) {
      await lifetime.enter('check-restore', call);
      return checkRestore(request, capabilities, services.random.uuid());
    },
    async begin(plan, run, call) {
      await lifetime.enter('begin-restore', call);
      if (run.resume === undefined) {
        checkFree(hypervisor, plan);
        await createVolumes(hypervisor, plan, run, owner, services.clock.now());
      }
      return openMemoryRestoreWriter({ hypervisor, plan, run, owner, order: capabilities.order });
    },
    ...(offered !== false && {
      replicas: createMemoryReplicas({ hypervisor, owner, services, lifetime, offered }),
    }),
    async reconcile(keep, call) {
      await lifetime.enter('reconcile-target', call);
      return reconcileTarget(hypervisor, keep, services.clock.now());
    },
    async [Symbol.asyncDispose]() {
      lifetime.close();
    },
  };
}

/** What is there is replaced at commit, and only when the plan says so. */
function checkFree(hypervisor: MemoryHypervisor, plan: RestorePlan): void {
  const machines = [...hypervisor.machines.values()];
  const taken =
    plan.into === 'new-machine'
      ? machines.some(({ name }) => name === plan.spec.name)
      : plan.disks.some(({ location }) => hypervisor.volumes.has(location));
  if (!taken || plan.overwrite) return;
  throw new SendenseError('ALREADY_EXISTS', `${plan.spec.name} is already there`, {
    operation: 'begin-restore',
    context: { name: plan.spec.name },
    remedy: 'restore under another name, or ask to overwrite it',
  });
}

async function createVolumes(
  hypervisor: MemoryHypervisor,
  plan: RestorePlan,
  run: RestoreRun,
  owner: string,
  madeAt: Date,
): Promise<void> {
  await run.save(restoreState(plan, 'creating'));
  for (const disk of plan.disks) {
    const content = new DiskContent(disk.targetSizeBytes);
    hypervisor.volumes.set(workingName(plan, disk), { plan: plan.id, owner, madeAt, content, durable: [] });
  }
  await run.save(restoreState(plan, 'writing'));
}

/** Volumes of finished machines are theirs; others of the owner go unless their restore is kept or they are young. */
function reconcileTarget(hypervisor: MemoryHypervisor, keep: Keep, now: Date): ReconcileReport {
  const leftover = [...hypervisor.volumes.values()].filter(
    ({ plan, owner, madeAt }) =>
      owner === keep.owner &&
      !keep.restores.includes(plan) &&
      !hypervisor.restored.has(plan) &&
      now.getTime() - madeAt.getTime() >= keep.graceMs,
  );
  const reports = [...new Set(leftover.map(({ plan }) => plan))].map((plan) => removePlan(hypervisor, plan));
  return { removed: reports.flatMap(({ removed }) => removed), findings: [] };
}
