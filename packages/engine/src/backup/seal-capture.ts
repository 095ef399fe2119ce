import { type Capture, type ChangeState, SendenseError } from '@sendense/core';
import type { BackupRun } from './backup-run.ts';

/** Seals after the last read; says what the next run will lack. */
export async function sealCapture(run: BackupRun, capture: Capture): Promise<ChangeState | null> {
  const { job, source, stream } = run;
  const sealed = await capture.seal({ signal: job.signal });
  if (sealed === null) {
    if (source.capabilities.tracking)
      job.report({
        severity: 'warning',
        code: 'no-baseline',
        message: 'the source could keep no baseline: it cannot tell the next backup what changed',
      });
    return null;
  }
  if (sealed.instant !== capture.instant.id || sealed.stream !== stream)
    throw new SendenseError('PROTOCOL_VIOLATION', 'the source sealed another instant than it captured', {
      operation: 'seal-capture',
    });
  for (const { id } of capture.disks) {
    if (sealed.disks.includes(id)) continue;
    job.report({
      severity: 'warning',
      code: 'no-baseline',
      message: `the source could keep no baseline for disk ${id}`,
      disk: id,
    });
  }
  return sealed;
}
