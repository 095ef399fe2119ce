import { fullReasonText, SendenseError } from '@sendense/core';
import type { Job } from '../events/job.ts';
import type { BackupType } from './backup-request.ts';
import type { DiskPlans } from './plan-disks.ts';
import type { StreamHistory } from './stream-history.ts';

/** Says every disk that is full although an increment could be expected. */
export function reportFulls(job: Job, plans: DiskPlans['disks'], history: StreamHistory): void {
  for (const [disk, plan] of plans) {
    if (plan.kind !== 'full' || plan.reason === 'requested') continue;
    const detail = plan.detail === '' ? '' : ` (${plan.detail})`;
    const first = plan.reason === 'first-backup';
    if (first && history.newest === undefined) continue;
    job.report({
      severity: first ? 'info' : 'warning',
      code: first ? 'disk-added' : 'full-instead-of-incremental',
      message: `a full of this disk is taken: ${fullReasonText(plan.reason)}${detail}`,
      disk,
    });
  }
}

/** Rejects when an increment was asked for and a disk that was backed up before can only be full. */
export function refuseUnwantedFull(
  request: { readonly type: BackupType; readonly allowFull: boolean },
  plans: DiskPlans['disks'],
  history: StreamHistory,
): void {
  if (request.type !== 'incremental' || request.allowFull) return;
  const first = history.newest === undefined;
  for (const [disk, plan] of plans) {
    if (plan.kind !== 'full' || (plan.reason === 'first-backup' && !first)) continue;
    throw new SendenseError(
      first || plan.reason === 'parent-missing' ? 'PARENT_MISSING' : 'CHANGE_TRACKING_LOST',
      `disk ${disk} can only be backed up in full: ${fullReasonText(plan.reason)}`,
      {
        operation: 'decide-backup',
        remedy: 'allow a full (--allow-full), or ask for type "auto" or "full"',
        context: { disk, reason: plan.reason },
      },
    );
  }
}
