import type { Finding } from '@sendense/core';
import type { BackupResult, RestoreMachineResult } from '@sendense/engine';
import type { JobResult } from './job-record.ts';

/** What a backup made, for clients. */
export function describeBackupResult(result: BackupResult): JobResult {
  return {
    backup_id: result.pointId,
    vm_name: result.machineName,
    machine_id: result.machine,
    backup_type: result.kind,
    reason: result.reason,
    reason_text: result.reasonText,
    parent_id: result.parentId,
    instant: result.instant.toISOString(),
    consistency: result.consistency,
    bytes_read: result.bytesRead,
    changed_bytes: result.changedBytes,
    bytes_stored: result.bytesStored,
    duration_ms: Math.round(result.durationMs),
    disks: result.disks.map(({ id, sizeBytes, bytesStored, kind, reason }) => ({
      id,
      size_bytes: sizeBytes,
      bytes_stored: bytesStored,
      backup_type: kind,
      reason,
    })),
    skipped: result.skipped.map(({ id, reason }) => ({ id, reason })),
    findings: result.findings.map(describeFinding),
  };
}

/** What a restore made, for clients. */
export function describeRestoreResult(result: RestoreMachineResult): JobResult {
  return {
    backup_id: result.pointId,
    bytes_written: result.bytesWritten,
    duration_ms: Math.round(result.durationMs),
    verified: result.verified,
    verify_ms: Math.round(result.verifyMs),
    disks: result.disks.map(({ id, sizeBytes }) => ({ id, size_bytes: sizeBytes })),
    findings: result.findings.map(describeFinding),
  };
}

/** A finding, for clients. */
export function describeFinding({ severity, code, message, object, disk, point }: Finding) {
  return {
    severity,
    code,
    message,
    object: object ?? null,
    disk: disk ?? null,
    backup_id: point ?? null,
  };
}
