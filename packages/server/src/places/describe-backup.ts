import type { backupDetailsSchema, backupSchema } from '@sendense/api';
import type { MachineSpec, RecoveryPoint } from '@sendense/core';
import type { z } from 'zod';
import type { FoundPoint } from './places.ts';

/** A point, for clients. */
export function describeBackup({ point, repositoryName }: FoundPoint): z.output<typeof backupSchema> {
  return {
    backup_id: point.id,
    vm_name: point.spec.name,
    machine_id: point.machine,
    repository: repositoryName,
    backup_type: point.kind,
    instant: point.at.toISOString(),
    parent_id: point.parentId,
    consistency: point.consistency,
    stored_bytes: point.storedBytes,
    held: point.held,
    note: point.note,
    disks: point.disks
      .toSorted((a, b) => a.number - b.number)
      .map(({ number, sizeBytes, storedBytes }) => ({
        id: `disk-${number}`,
        size_bytes: sizeBytes,
        stored_bytes: storedBytes,
      })),
  };
}

/** A point with its machine, for clients. */
export function describeBackupDetails(found: FoundPoint): z.output<typeof backupDetailsSchema> {
  return { ...describeBackup(found), spec: describeSpec(found.point) };
}

/** No path of the server is told: disks that go by one, those of images, are called as in the backup. */
function describeSpec({ spec, disks }: RecoveryPoint): MachineSpec {
  const nameOf = (id: string) => {
    const number = disks.find((disk) => disk.id === id)?.number;
    return id.startsWith('/') ? `disk-${number ?? 'left-out'}` : id;
  };
  return { ...spec, disks: spec.disks.map((disk) => ({ ...disk, id: nameOf(disk.id) })) };
}
