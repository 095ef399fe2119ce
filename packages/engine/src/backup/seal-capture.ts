import { type Capture, type ChangeState, type DiskView, SendenseError } from '@sendense/core';
import type { BackupRun } from './backup-run.ts';

/** Seals after the last read; says what the next run will lack. */
export async function sealCapture(run: BackupRun, capture: Capture): Promise<ChangeState | null> {
  const { job, stream } = run;
  const sealed = await capture.seal({ signal: job.signal });
  if (sealed !== null && (sealed.instant !== capture.instant.id || sealed.stream !== stream))
    throw new SendenseError('PROTOCOL_VIOLATION', 'the source sealed another instant than it captured', {
      operation: 'seal-capture',
    });
  for (const view of capture.disks) {
    if (sealed?.disks.includes(view.id) === true || !expectsBaseline(run, view)) continue;
    job.report({
      severity: 'warning',
      code: 'no-baseline',
      message: `the source could keep no baseline for disk ${view.id}: it cannot tell the next backup what changed`,
      disk: view.id,
    });
  }
  return sealed;
}

/** Where there is no tracking at all, the missing baseline is no news. */
function expectsBaseline(run: BackupRun, { changes }: DiskView): boolean {
  const untracked = changes.kind === 'full' && changes.reason === 'no-change-tracking';
  return run.source.capabilities.tracking && !untracked;
}
