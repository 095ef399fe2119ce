import type { backupSchema } from '@sendense/api';
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
