import type { Selectable } from 'kysely';
import type { BackupJobTable, RestoreJobTable } from '../schema/tables.ts';
import { parseJsonColumn } from '../sqlite/json-column.ts';
import type { BackupJob, RestoreJob } from './job.ts';

function facts(row: Selectable<BackupJobTable> | Selectable<RestoreJobTable>) {
  return {
    id: row.id,
    status: row.status,
    holder: row.holder,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    error: row.error_json === null ? null : parseJsonColumn(row.error_json),
  };
}

/** The job of a row of `backup_jobs`. */
export function backupJob(row: Selectable<BackupJobTable>): BackupJob {
  return {
    kind: 'backup',
    ...facts(row),
    machineKey: row.machine_key,
    machineName: row.machine_name,
    repositoryId: row.repository_id,
    requestedType: row.requested_type,
    type: row.type,
    reason: row.reason,
    pointId: row.point_id,
    bytesRead: row.bytes_read,
    changedBytes: row.changed_bytes,
    bytesStored: row.stored_bytes,
  };
}

/** The job of a row of `restore_jobs`. */
export function restoreJob(row: Selectable<RestoreJobTable>): RestoreJob {
  return {
    kind: 'restore',
    ...facts(row),
    repositoryId: row.repository_id,
    pointId: row.point_id,
    target: row.target,
    bytesWritten: row.written_bytes,
    verified: row.verified === null ? null : row.verified === 1,
  };
}
