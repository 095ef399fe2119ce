import {
  type BlockReader,
  type DiskId,
  type PlannedDisk,
  type RestorePlan,
  type RestoreResult,
  type RestoreRun,
  type RestoreWriter,
  type RollbackReport,
  restoreGone,
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

/** Opens the writer of a restore whose volumes exist, or of what is left of one to undo. */
export function openMemoryRestoreWriter(options: MemoryRestoreWriterOptions): RestoreWriter {
  const { hypervisor, plan, run } = options;
  const lifetime = new Lifetime('memory restore');
  const disks = new Map(
    (run.undo ? [] : plan.disks).map((disk) => {
      const { content, durable } = volumeOf(hypervisor, plan, disk);
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
      return openMemoryReader(volumeOf(hypervisor, plan, disk).content);
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

/** Gives the volumes their final names, or makes the machine of them, in one step; done already, it is left as it is. */
function finish({ hypervisor, plan, owner }: MemoryRestoreWriterOptions): RestoreResult {
  if (!hypervisor.restored.has(plan.id)) {
    if (plan.into === 'new-machine') makeMachine(hypervisor, plan);
    else placeVolumes(hypervisor, plan);
    hypervisor.restored.set(plan.id, { plan: plan.id, owner });
  }
  const disks = plan.disks.map(({ id, location, targetSizeBytes }) => ({
    id,
    location,
    sizeBytes: targetSizeBytes,
  }));
  const machine = { connection: 'memory', id: plan.id };
  return { disks, findings: [], ...(plan.into === 'new-machine' ? { machine } : {}) };
}

function makeMachine(hypervisor: MemoryHypervisor, plan: RestorePlan): void {
  const { name, firmware } = plan.spec;
  for (const other of hypervisor.machines.values()) {
    if (other.name !== name) continue;
    removePlan(hypervisor, other.ref.id);
    hypervisor.machines.delete(other.ref.id);
  }
  const disks = plan.disks.map((disk) => volumeOf(hypervisor, plan, disk).content);
  hypervisor.addMachine({ id: plan.id, name, firmware, disks }).power = plan.start ? 'on' : 'off';
}

function placeVolumes(hypervisor: MemoryHypervisor, plan: RestorePlan): void {
  for (const disk of plan.disks) {
    const volume = volumeOf(hypervisor, plan, disk);
    const replaced = hypervisor.volumes.get(disk.location);
    if (replaced !== undefined) hypervisor.restored.delete(replaced.plan);
    hypervisor.volumes.delete(workingName(plan, disk));
    hypervisor.volumes.set(disk.location, volume);
  }
}

/** Removes what a plan's id names and nothing else. Harmless when nothing is left. */
export function removePlan(hypervisor: MemoryHypervisor, plan: string): RollbackReport {
  const removed: string[] = [];
  for (const [name, volume] of hypervisor.volumes) {
    if (volume.plan !== plan) continue;
    hypervisor.volumes.delete(name);
    removed.push(`volume ${name}`);
  }
  if (hypervisor.restored.delete(plan) && hypervisor.machines.delete(plan)) removed.push(`machine ${plan}`);
  return { removed, findings: [], undone: true };
}

/** What a volume is called until the commit: by the plan, so that nothing of another restore is in the way. */
export function workingName(plan: RestorePlan, { number }: PlannedDisk): string {
  return `${plan.id}/disk-${number}`;
}

function volumeOf(hypervisor: MemoryHypervisor, plan: RestorePlan, disk: PlannedDisk): MemoryVolume {
  const volume = hypervisor.volumes.get(workingName(plan, disk)) ?? hypervisor.volumes.get(disk.location);
  if (volume?.plan === plan.id) return volume;
  throw restoreGone(plan.id, `the volume of disk ${disk.id} is gone`);
}

function notInPlan(id: DiskId): SendenseError {
  return new SendenseError('NOT_FOUND', `disk ${id} is not part of this restore`, {
    operation: 'read-back',
    context: { disk: id },
  });
}
