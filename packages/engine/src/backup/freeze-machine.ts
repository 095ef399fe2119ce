import {
  type Capture,
  type CaptureId,
  type CaptureRequest,
  type ChangeState,
  type Consistency,
  consistencySatisfies,
  SendenseError,
} from '@sendense/core';
import type { BackupRun } from './backup-run.ts';
import type { ExcludedDisks } from './exclude-disks.ts';
import { type FreezeRun, obtainedConsistency } from './freeze-hooks.ts';
import type { StreamHistory } from './stream-history.ts';

/** What to capture. */
export type FreezeOrder = {
  readonly captureId: CaptureId;
  readonly since: readonly ChangeState[];
  readonly excluded: ExcludedDisks;
};

/** Captures between the host's hooks. */
export async function freezeMachine(run: BackupRun, order: FreezeOrder, hooks: FreezeRun): Promise<Capture> {
  const { job, source, request, stream } = run;
  await hooks.freeze();
  return source.capture(
    {
      id: order.captureId,
      machine: request.machine,
      stream,
      since: order.since,
      disks: { exclude: [...order.excluded.keys()] },
      consistency: askedConsistency(run, hooks),
    },
    { signal: job.signal },
  );
}

/** What the host's own hooks vouch for need not come from the platform too. */
function askedConsistency(run: BackupRun, hooks: FreezeRun): CaptureRequest['consistency'] {
  const { want = 'crash', accept = want } = run.request.consistency ?? {};
  const given = hooks.frozen ? (run.request.hooks?.gives ?? 'crash') : 'crash';
  return {
    want: consistencySatisfies(given, want) ? 'crash' : want,
    accept: consistencySatisfies(given, accept) ? 'crash' : accept,
  };
}

/** Reports what the capture is weaker in than was asked for; rejects when it is weaker than accepted. */
export function checkCapture(
  run: BackupRun,
  capture: Capture,
  order: FreezeOrder,
  hooks: FreezeRun,
  history: StreamHistory,
): void {
  const { job, request } = run;
  for (const finding of capture.findings) job.report(finding);
  for (const { id, reason } of capture.skipped)
    job.report({
      severity: order.excluded.has(id) ? 'info' : 'warning',
      code: 'disk-skipped',
      message: `disk ${id} is not in the backup: ${reason}`,
      disk: id,
    });
  reportRemovedDisks(run, capture, history);
  checkConsistency(run, capture, obtainedConsistency(capture, hooks, request.hooks));
  if (capture.disks.length === 0)
    throw new SendenseError('CONFIG_INVALID', 'there is no disk to back up', {
      operation: 'capture-machine',
      remedy: 'exclude fewer disks, or check that the machine has disks',
    });
  const leaked = capture.disks.find((disk) => order.excluded.has(disk.id));
  if (leaked !== undefined)
    throw new SendenseError('PROTOCOL_VIOLATION', `the source captured the excluded disk ${leaked.id}`, {
      operation: 'capture-machine',
    });
}

function checkConsistency(run: BackupRun, capture: Capture, obtained: Consistency): void {
  const { want = 'crash', accept = want } = run.request.consistency ?? {};
  if (!consistencySatisfies(obtained, accept))
    throw new SendenseError('QUIESCE_FAILED', `the machine could only be frozen ${obtained}-consistent`, {
      operation: 'capture-machine',
      remedy: `accept "${obtained}" consistency, or repair the guest agent`,
      context: { want, accept, obtained },
    });
  const told = capture.findings.some(({ code }) => code === 'consistency-weakened');
  if (told || consistencySatisfies(obtained, want)) return;
  run.job.report({
    severity: 'warning',
    code: 'consistency-weakened',
    message: `the backup is ${obtained}-consistent; ${want} was wanted`,
  });
}

function reportRemovedDisks(run: BackupRun, capture: Capture, history: StreamHistory): void {
  const present = new Set([...capture.disks, ...capture.skipped].map((disk) => disk.id));
  for (const { id } of history.newest?.disks ?? []) {
    if (present.has(id)) continue;
    run.job.report({
      severity: 'info',
      code: 'disk-removed',
      message: `disk ${id} of the last point is gone`,
      disk: id,
    });
  }
}
