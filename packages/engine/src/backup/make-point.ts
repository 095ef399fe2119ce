import type { Capture, DiskId, PointWriter, RecoveryPoint } from '@sendense/core';
import { disposeQuietly } from '../jobs/dispose-quietly.ts';
import type { StreamRun } from '../journal/stream-record.ts';
import type { BackupRun } from './backup-run.ts';
import { type BaseRefusal, beginPoint, draftPoint, plansWithoutBases } from './begin-point.ts';
import { copyDisks, type DiskCopy } from './copy-disks.ts';
import { type FreezeRun, obtainedConsistency } from './freeze-hooks.ts';
import type { FreezeOrder } from './freeze-machine.ts';
import { journalAndCommit } from './journal-run.ts';
import { type DiskPlans, planDisks } from './plan-disks.ts';
import type { StreamStanding } from './recover-stream.ts';
import { reportResumed } from './resume-point.ts';
import { sealCapture } from './seal-capture.ts';
import { commitCapture, settleBaselines } from './settle-source.ts';
import { storeArtifacts } from './store-artifacts.ts';
import { refuseUnwantedFull, reportFulls } from './unwanted-fulls.ts';

/** What the steps after the capture work with. */
export type PointMaking = {
  readonly standing: StreamStanding;
  readonly capture: Capture;
  readonly order: FreezeOrder;
  readonly hooks: FreezeRun;
  readonly started: StreamRun;
};

/** A committed point and what went into it. */
export type MadePoint = {
  readonly point: RecoveryPoint;
  readonly copies: ReadonlyMap<DiskId, DiskCopy>;
};

/** Steps 2 to 7 of the order: copy, seal, journal, destination, source, retire. */
export async function makePoint(run: BackupRun, making: PointMaking): Promise<MadePoint> {
  const { job, repository, source } = run;
  const { standing, capture, started, hooks } = making;
  const { record, history, held } = standing;
  const ground = { type: run.type, history, source: source.capabilities, repository };
  const plans = await planDisks(capture.disks, ground, { signal: job.signal });
  let begun: BegunPoint | undefined;
  try {
    begun = await beginOrFull(run, making, plans);
    const { writer, disks } = begun;
    await reportResumed(run, writer);
    const copies = await job.step('copy', async () => {
      const copied = await copyDisks(run, capture.disks, disks, writer);
      await storeArtifacts(run, capture.artifacts, writer);
      return copied;
    });
    const sealed = await job.step('seal', () => sealCapture(run, capture));
    await hooks.release('seal');
    const point = await job.step('commit', () =>
      journalAndCommit(run, { record, started, capture }, writer, sealed),
    );
    // From here on the point is safe: nothing below is cancelled, and what fails is a finding.
    await job.step('settle', async () => {
      await commitCapture(run, capture);
      const { otherBaselines } = capture;
      await settleBaselines(run, record, { point, sealed, otherBaselines, held, history });
    });
    return { point, copies };
  } finally {
    await disposeQuietly(job, 'point', begun?.writer);
    await disposeQuietly(job, 'base point', plans);
  }
}

type BegunPoint = { readonly writer: PointWriter; readonly disks: DiskPlans['disks'] };

/** Begins the point; when its bases cannot be built on after all, once more with fulls. */
async function beginOrFull(run: BackupRun, making: PointMaking, plans: DiskPlans): Promise<BegunPoint> {
  const first = await beginWith(run, making, plans.disks);
  if (!('reason' in first)) return { writer: first, disks: plans.disks };
  const disks = plansWithoutBases(plans.disks, first);
  const second = await beginWith(run, making, disks);
  if ('reason' in second) throw new TypeError('a point without bases cannot be refused for one');
  return { writer: second, disks };
}

function beginWith(
  run: BackupRun,
  making: PointMaking,
  plans: DiskPlans['disks'],
): Promise<PointWriter | BaseRefusal> {
  const { capture, standing, hooks, order, started } = making;
  const allowFull = run.request.allowFull ?? false;
  refuseUnwantedFull({ type: run.type, allowFull }, plans, standing.history);
  reportFulls(run.job, plans, standing.history);
  const draft = draftPoint(run, started.pointId, {
    capture,
    plans,
    history: standing.history,
    consistency: obtainedConsistency(capture, hooks, run.request.hooks),
    excluded: [...order.excluded.keys()],
  });
  return beginPoint(run, draft);
}
