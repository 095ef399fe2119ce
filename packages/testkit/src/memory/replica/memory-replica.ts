import {
  type DiskId,
  type InstantId,
  type MachineDisk,
  type ReplicaRef,
  type ReplicaStatus,
  SendenseError,
} from '@sendense/core';
import type { DiskContent } from '../disk/disk-content.ts';
import type { HeldInstant, MemoryHypervisor, MemoryReplica } from '../hypervisor/memory-hypervisor.ts';
import type { MemoryMachine } from '../hypervisor/memory-machine.ts';

const GRANULARITY_BYTES = 4096;

/** The instant of a replica, or the newest. Throws `NOT_FOUND`. */
export function heldInstant(replica: MemoryReplica | undefined, instant: InstantId): HeldInstant {
  const found = replica?.held.find(({ id }) => id === instant);
  if (found !== undefined) return found;
  throw new SendenseError('NOT_FOUND', `the replica does not hold the instant ${instant}`, {
    operation: 'open-replica',
    context: { instant },
    remedy: 'ask for the status to see which instants it holds',
  });
}

/** What is on the platform now; a replica that is not there holds nothing. */
export function statusOf(hypervisor: MemoryHypervisor, ref: ReplicaRef): ReplicaStatus {
  const replica = hypervisor.replicas.get(ref.id);
  return {
    replica: ref,
    instants: (replica?.held ?? []).map(({ id }) => id),
    foreignWrites: replica !== undefined && wasWritten(hypervisor, replica),
  };
}

function wasWritten(hypervisor: MemoryHypervisor, { ref, bitmap }: MemoryReplica): boolean {
  const disks = hypervisor.machines.get(ref.machine.id)?.disks ?? [];
  return disks.some((disk) => {
    const dirty = disk.bitmaps.get(bitmap);
    return dirty === undefined || [...dirty.extents(disk.freeze())].length > 0;
  });
}

/** Holds one instant more, of all disks at once, and forgets the oldest beyond `history`. */
export function holdInstant(
  hypervisor: MemoryHypervisor,
  replica: MemoryReplica,
  instant: HeldInstant,
  history: number,
): void {
  const others = replica.held.filter(({ id }) => id !== instant.id);
  replica.held = [...others, instant].slice(-history);
  placeMachine(hypervisor, replica, instant);
}

/** The machine that would start is the newest instant, and from now on what others write to it shows. */
function placeMachine(
  hypervisor: MemoryHypervisor,
  { ref, bitmap }: MemoryReplica,
  instant: HeldInstant,
): void {
  const { name, firmware } = instant.spec;
  const disks = [...instant.disks.values()].map((content) => content.snapshot());
  const machine = hypervisor.addMachine({ id: ref.machine.id, name, firmware, disks });
  machine.power = 'off';
  watchWrites(machine, bitmap);
}

/** Starts to record what is written to the disks of a machine. */
export function watchWrites(machine: MemoryMachine, bitmap: string): void {
  for (const disk of machine.disks) disk.track(bitmap, GRANULARITY_BYTES);
}

/** Forgets instants; with all of them the replica and its machine are gone. Harmless when repeated. */
export function retireInstants(
  hypervisor: MemoryHypervisor,
  ref: ReplicaRef,
  instants: readonly InstantId[] | 'all',
): void {
  const replica = hypervisor.replicas.get(ref.id);
  if (replica === undefined) return;
  if (instants !== 'all') {
    replica.held = replica.held.filter(({ id }) => !instants.includes(id));
    return;
  }
  hypervisor.replicas.delete(ref.id);
  hypervisor.machines.delete(replica.ref.machine.id);
}

/** The bytes of a disk at an instant: the disk of this id, or, in an adopted machine, the one in this slot. */
export function contentAt({ disks, spec }: HeldInstant, { id, slot }: MachineDisk): DiskContent | undefined {
  const inSlot = spec.disks.find(
    (disk) =>
      disk.slot.bus === slot.bus && disk.slot.controller === slot.controller && disk.slot.unit === slot.unit,
  );
  return disks.get(id as DiskId) ?? disks.get((inSlot?.id ?? id) as DiskId);
}
