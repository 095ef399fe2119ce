import {
  type DiskId,
  type DiskView,
  machineKeyOf,
  type PointReader,
  pointId,
  type RecoveryPoint,
  type ReplicaRef,
  streamId,
} from '@sendense/core';
import { openMemoryReader } from '../disk/memory-reader.ts';
import type { HeldInstant } from '../hypervisor/memory-hypervisor.ts';
import { Lifetime } from '../lifetime.ts';

/** Opens an instant of a replica for reading. It keeps its bytes, whatever later cycles do. */
export function openMemoryReplicaReader(ref: ReplicaRef, instant: HeldInstant): PointReader {
  const lifetime = new Lifetime('memory replica instant');
  const disks = instant.spec.disks.flatMap(({ id, slot, sizeBytes, sectorBytes }): DiskView[] => {
    const content = instant.disks.get(id as DiskId);
    if (content === undefined) return [];
    const reader = openMemoryReader(content);
    const detail = 'a replica is read whole';
    const changes = { kind: 'full', reason: 'no-change-tracking', detail } as const;
    return [{ id: id as DiskId, slot, sizeBytes, sectorBytes, reader, changes }];
  });
  return {
    point: pointOf(ref, instant, disks),
    disks,
    artifacts: [],
    async [Symbol.asyncDispose]() {
      if (!lifetime.close()) return;
      for (const { reader } of disks) await reader[Symbol.asyncDispose]();
    },
  };
}

function pointOf(ref: ReplicaRef, { id, at, spec }: HeldInstant, disks: readonly DiskView[]): RecoveryPoint {
  return {
    id: pointId(`${ref.id}-${id}`),
    instant: id,
    at,
    machine: machineKeyOf(ref.machine),
    stream: streamId(ref.id),
    sequence: 1,
    kind: 'full',
    spec,
    consistency: 'crash',
    disks: disks.map(({ id: disk, slot, sizeBytes, sectorBytes }, number) => ({
      id: disk,
      number,
      slot,
      sizeBytes,
      sectorBytes,
      base: null,
      reason: 'no-change-tracking',
      storedBytes: 0,
      writtenBytes: 0,
    })),
    skipped: [],
    findings: [],
    parentId: null,
    storedBytes: 0,
    states: [],
    artifacts: [],
    held: false,
    note: null,
  };
}
