import { fullReasonText, type PointDisk } from '@sendense/core';
import type { BackupDiskResult, BackupResult } from './backup-result.ts';
import type { BackupRun } from './backup-run.ts';
import type { DiskCopy } from './copy-disks.ts';
import type { MadePoint, PointMaking } from './make-point.ts';
import { nameSkippedDisks } from './skipped-disks.ts';

/** The result of a backup, as users and the command line see it. */
export function summarizeBackup(
  run: BackupRun,
  made: MadePoint,
  { standing, order }: Pick<PointMaking, 'standing' | 'order'>,
  durationMs: number,
): BackupResult {
  const { point, copies } = made;
  const disks = point.disks.map((disk) => summarizeDisk(run, disk, copies.get(disk.id)));
  const reason = point.kind === 'full' ? (disks[0]?.reason ?? null) : null;
  return {
    jobId: run.job.id,
    pointId: point.id,
    parentId: point.parentId,
    instantId: point.instant,
    instant: point.at,
    repository: run.repository.id,
    machine: run.machineKey,
    machineName: point.spec.name,
    stream: run.stream,
    kind: point.kind,
    reason,
    reasonText: reason === null ? null : fullReasonText(reason),
    consistency: point.consistency,
    bytesRead: disks.reduce((sum, disk) => sum + disk.bytesRead, 0),
    changedBytes: disks.reduce((sum, disk) => sum + disk.changedBytes, 0),
    bytesStored: point.storedBytes,
    durationMs,
    disks,
    skipped: nameSkippedDisks(
      point.skipped,
      order.excluded,
      standing.history,
      disks.map(({ id }) => id),
    ),
    findings: [...run.job.findings],
  };
}

function summarizeDisk(run: BackupRun, disk: PointDisk, copy: DiskCopy | undefined): BackupDiskResult {
  const { reason } = disk;
  return {
    id: `disk-${disk.number}`,
    diskId: disk.id,
    sizeBytes: disk.sizeBytes,
    path: disk.path ?? null,
    kind: disk.base === null ? 'full' : run.type === 'differential' ? 'differential' : 'incremental',
    reason,
    reasonText: reason === null ? null : fullReasonText(reason),
    base: disk.base,
    bytesRead: copy?.bytesRead ?? 0,
    changedBytes: copy?.changedBytes ?? 0,
    bytesStored: disk.storedBytes,
  };
}
