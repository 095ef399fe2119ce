import type {
  CaptureId,
  DiskId,
  InstantId,
  MachineRef,
  MachineSpec,
  PlanId,
  ReplicaRef,
  StreamId,
} from '@sendense/core';
import { SendenseError } from '@sendense/core';
import type { DiskContent } from '../disk/disk-content.ts';
import type { DirtyBitmap } from './dirty-bitmap.ts';
import { MemoryMachine, type MemoryMachineOptions } from './memory-machine.ts';

/** A disk as it was at the instant of a capture. */
export type FrozenDisk = {
  readonly id: DiskId;
  readonly content: DiskContent;
  /** What each bitmap of the disk had recorded at the instant. */
  readonly bitmaps: ReadonlyMap<string, DirtyBitmap>;
};

/** The snapshot of a capture on the hypervisor. It outlives a crash of the process that made it. */
export type FrozenMachine = {
  readonly capture: CaptureId;
  readonly owner: string;
  readonly stream: StreamId;
  readonly machine: MachineRef;
  readonly instant: { readonly id: InstantId; readonly at: Date };
  /** Name of the bitmaps that record since this instant; `null` when none could be made. */
  readonly bitmap: string | null;
  readonly disks: readonly FrozenDisk[];
};

/** Whose a set of bitmaps is: the candidate or baseline of one capture. */
export type Baseline = {
  readonly name: string;
  readonly capture: CaptureId;
  readonly owner: string;
  readonly stream: StreamId;
  readonly machine: MachineRef;
  readonly madeAt: Date;
};

/** A disk that a restore made and no machine has yet. */
export type MemoryVolume = {
  readonly plan: PlanId;
  readonly owner: string;
  readonly madeAt: Date;
  readonly content: DiskContent;
  /** What was flushed to it. */
  readonly durable: { readonly offset: number; readonly length: number }[];
};

/** An instant that a replica holds: promotable as it stands. */
export type HeldInstant = {
  readonly id: InstantId;
  readonly at: Date;
  readonly spec: MachineSpec;
  /** By the source's disk ids. */
  readonly disks: ReadonlyMap<DiskId, DiskContent>;
};

/** A replica on the memory hypervisor: a machine that is off, and snapshots of the instants it holds. */
export type MemoryReplica = {
  readonly ref: ReplicaRef;
  readonly owner: string;
  /** Oldest first. */
  held: readonly HeldInstant[];
  /** Records what anybody but a cycle writes to the machine's disks. */
  readonly bitmap: string;
};

/**
 * A virtualisation hypervisor in memory: what lives on when a connector's process dies. Connectors made over one hypervisor
 * are processes that see the same machines, snapshots, baselines and volumes.
 */
export class MemoryHypervisor {
  readonly machines = new Map<string, MemoryMachine>();
  readonly frozen = new Map<CaptureId, FrozenMachine>();
  readonly baselines = new Map<string, Baseline>();
  readonly volumes = new Map<string, MemoryVolume>();
  /** The plans that were committed: their volumes and machine are the user's now. */
  readonly restored = new Map<string, { readonly plan: PlanId; readonly owner: string }>();

  readonly replicas = new Map<string, MemoryReplica>();

  /** Makes a machine that runs. */
  addMachine(options: MemoryMachineOptions): MemoryMachine {
    const machine = new MemoryMachine(options);
    this.machines.set(machine.ref.id, machine);
    return machine;
  }

  /** The machine of a reference; throws `NOT_FOUND`. */
  machine(ref: MachineRef): MemoryMachine {
    const machine = ref.connection === 'memory' ? this.machines.get(ref.id) : undefined;
    if (machine !== undefined) return machine;
    throw new SendenseError('NOT_FOUND', `there is no machine ${ref.id} on this hypervisor`, {
      operation: 'find-machine',
      context: { connection: ref.connection, machine: ref.id },
      remedy: 'list the machines to see which exist',
    });
  }

  /** The bitmaps of one name on the machine's disks, gone. Harmless when they already are. */
  dropBaseline(name: string): void {
    const baseline = this.baselines.get(name);
    if (baseline === undefined) return;
    for (const disk of this.machines.get(baseline.machine.id)?.disks ?? []) disk.bitmaps.delete(name);
    this.baselines.delete(name);
  }

  /** The host of a machine stops uncleanly: its snapshots are gone and no bitmap can be trusted. */
  crashHost(ref: MachineRef): void {
    for (const [id, frozen] of this.frozen) if (frozen.machine.id === ref.id) this.frozen.delete(id);
    for (const disk of this.machine(ref).disks) {
      for (const bitmap of disk.bitmaps.values()) bitmap.consistent = false;
    }
  }

  /** Names of everything on the hypervisor that a connector made, sorted: what a leak check compares. */
  objects(): readonly string[] {
    return [
      ...[...this.frozen.keys()].map((id) => `snapshot ${id}`),
      ...[...this.baselines.keys()].map((name) => `bitmap ${name}`),
      ...[...this.volumes.keys()].map((name) => `volume ${name}`),
      ...[...this.restored.keys()].map((id) => `restore ${id}`),
      ...[...this.replicas.keys()].map((id) => `replica ${id}`),
    ].sort();
  }
}
