import {
  type BlockReader,
  type DiskId,
  type PlannedDisk,
  type ReconcileReport,
  type RestorePlan,
  type RestoreResult,
  type RestoreRun,
  type RestoreWriter,
  SendenseError,
} from '@sendense/core';
import { openMemoryReader } from '../disk/memory-reader.ts';
import { openMemoryWriter } from '../disk/memory-writer.ts';
import type { MemoryHypervisor, MemoryVolume } from '../hypervisor/memory-hypervisor.ts';
import { Lifetime } from '../lifetime.ts';

/** Schema of the restore states that the memory target saves. */
export const MEMORY_RESTORE_SCHEMA = 'memory-target/1';

/** What a restore writes to. */
export type MemoryRestoreWriterOptions = {
  readonly hypervisor: MemoryHypervisor;
  readonly plan: RestorePlan;
  readonly run: RestoreRun;
  readonly owner: string;
  readonly order: 'random' | 'ascending';
};

/** Opens the writer of a restore whose volumes exist. */
export function openMemoryRestoreWriter(options: MemoryRestoreWriterOptions): RestoreWriter {
  const { hypervisor, plan, run } = options;
  const lifetime = new Lifetime('memory restore');
  const disks = new Map(
    plan.disks.map((disk) => {
      const { content, durable } = volumeOf(hypervisor, disk);
      const limits = { order: options.order };
      const onDurable = (range: MemoryVolume['durable'][number]) => void durable.push(range);
      const writer = openMemoryWriter(content, {
        limits,
        untouched: 'zero',
        durable: [...durable],
        onDurable,
      });
      return [disk.id, writer];
    }),
  );
  return {
    disks,
    async readBack(id: DiskId, call): Promise<BlockReader> {
      await lifetime.enter('read-back', call);
      const disk = plan.disks.find((planned) => planned.id === id);
      if (disk === undefined) throw notInPlan(id);
      return openMemoryReader(volumeOf(hypervisor, disk).content);
    },
    async commit(call) {
      await lifetime.enter('commit-restore', call);
      for (const disk of disks.values()) await disk.flush(call);
      await run.fence.check();
      lifetime.check('commit-restore', call);
      await run.save(restoreState(plan, 'finishing'));
      const result = finish(options);
      await run.save(restoreState(plan, 'finished'));
      return result;
    },
    async rollback(call) {
      await lifetime.enter('roll-back-restore', call);
      return removePlan(hypervisor, plan.id);
    },
    async [Symbol.asyncDispose]() {
      if (!lifetime.close()) return;
      for (const disk of disks.values()) await disk[Symbol.asyncDispose]();
    },
  };
}

/** The state to save around a step. The volumes are found by the plan's id, so the step's name is all it needs. */
export function restoreState(plan: RestorePlan, step: 'creating' | 'writing' | 'finishing' | 'finished') {
  return { schema: MEMORY_RESTORE_SCHEMA, plan: plan.id, data: { step } } as const;
}

/** Makes the machine out of the volumes in one step; made already, it is left as it is. */
function finish({ hypervisor, plan, owner }: MemoryRestoreWriterOptions): RestoreResult {
  const disks = plan.disks.map(({ id, location, targetSizeBytes }) => ({
    id,
    location,
    sizeBytes: targetSizeBytes,
  }));
  if (plan.into !== 'new-machine') return { disks, findings: [] };
  if (!hypervisor.restored.has(plan.id)) {
    const contents = plan.disks.map((disk) => volumeOf(hypervisor, disk).content);
    for (const other of hypervisor.machines.values()) {
      if (other.name === plan.spec.name) hypervisor.machines.delete(other.ref.id);
    }
    const { name, firmware } = plan.spec;
    hypervisor.addMachine({ id: plan.id, name, firmware, disks: contents }).power = plan.start ? 'on' : 'off';
    hypervisor.restored.set(plan.id, { plan: plan.id, owner });
  }
  return { machine: { connection: 'memory', id: plan.id }, disks, findings: [] };
}

/** Removes what a plan's id names and nothing else. Harmless when nothing is left. */
export function removePlan(hypervisor: MemoryHypervisor, plan: string): ReconcileReport {
  const removed: string[] = [];
  for (const [name, volume] of hypervisor.volumes) {
    if (volume.plan !== plan) continue;
    hypervisor.volumes.delete(name);
    removed.push(`volume ${name}`);
  }
  if (hypervisor.restored.delete(plan)) {
    hypervisor.machines.delete(plan);
    removed.push(`machine ${plan}`);
  }
  return { removed, findings: [] };
}

function volumeOf(hypervisor: MemoryHypervisor, disk: PlannedDisk): MemoryVolume {
  const volume = hypervisor.volumes.get(disk.location);
  if (volume !== undefined) return volume;
  throw new SendenseError('NOT_FOUND', `volume ${disk.location} is gone`, {
    operation: 'open-volume',
    context: { volume: disk.location },
    remedy: 'run the restore again from the start',
  });
}

function notInPlan(id: DiskId): SendenseError {
  return new SendenseError('NOT_FOUND', `disk ${id} is not part of this restore`, {
    operation: 'read-back',
    context: { disk: id },
  });
}
