import { type Call, type DiskPlan, fullReasonText, guardRepository, guardSource } from '@sendense/core';
import { disposeQuietly } from '../jobs/dispose-quietly.ts';
import type { EngineContext } from '../jobs/engine-context.ts';
import { createJob } from '../jobs/run-job.ts';
import type { BackupRequest } from './backup-request.ts';
import type { BackupForecast } from './backup-result.ts';
import { type BackupRun, backupIdentity } from './backup-run.ts';
import { chooseBaselines } from './baselines.ts';
import { kindOf } from './begin-point.ts';
import type { DiskAnswer } from './decide-disk.ts';
import { resolveExcludedDisks } from './exclude-disks.ts';
import { type PlannedDiskCopy, planDisks } from './plan-disks.ts';
import { newCaptureId, readStanding, type StreamStanding } from './recover-stream.ts';
import { nameSkippedDisks } from './skipped-disks.ts';
import { refuseUnwantedFull } from './unwanted-fulls.ts';

/** Tells what a backup would do; changes nothing anywhere. Rejects as the backup would. */
export async function planBackup(
  context: EngineContext,
  request: BackupRequest,
  call: Call = {},
): Promise<BackupForecast> {
  const source = guardSource(request.source);
  const repository = guardRepository(request.repository);
  const { machineKey, stream } = backupIdentity(request);
  const job = createJob(context, { verb: 'backup', subject: { machine: machineKey }, call, silent: true });
  const type = request.type ?? 'auto';
  const run: BackupRun = { context, job, request, type, source, repository, machineKey, stream };
  const standing = await readStanding(run);
  const { history } = standing;
  const capture = await planCapture(run, standing);
  const answers = capture.disks.map((disk) => answerOf(disk, capture.since));
  const plans = await planDisks(answers, { type, history, source: source.capabilities, repository }, call);
  try {
    refuseUnwantedFull({ type, allowFull: request.allowFull ?? false }, plans.disks, history);
    const disks = capture.disks.map((disk) => forecastDisk(disk, plans.disks.get(disk.id), type));
    const kind = kindOf(plans.disks.values(), type);
    const reason = kind === 'full' ? (disks[0]?.reason ?? null) : null;
    const compared = comparedDisks(plans.disks);
    return {
      machine: machineKey,
      stream,
      kind,
      reason,
      reasonText: reason === null ? whyCompared(compared) : fullReasonText(reason),
      predictedBytes: disks.reduce((sum, disk) => sum + disk.predictedBytes, 0),
      predictedAtMost: compared.length > 0,
      predictedReadBytes: capture.disks.reduce((sum, disk) => sum + disk.readBytes, 0),
      parentId: disks.find((disk) => disk.base !== null)?.base ?? null,
      disks,
      skipped: nameSkippedDisks(
        capture.skipped,
        capture.excluded,
        history,
        numbersOf(capture.disks, history),
      ),
      findings: capture.findings,
    };
  } finally {
    await disposeQuietly(job, 'base point', plans);
  }
}

async function planCapture(run: BackupRun, standing: StreamStanding) {
  const { request, source, job, stream, context } = run;
  const call = { signal: job.signal };
  const names = request.excludeDisks ?? [];
  const excluded = await resolveExcludedDisks(names, request.machine, source, standing.history, call);
  const since = chooseBaselines(standing.history, standing.held, run.type);
  const want = request.consistency?.want ?? 'crash';
  const plan = await source.plan(
    {
      id: newCaptureId(context),
      machine: request.machine,
      stream,
      since,
      disks: { exclude: [...excluded.keys()] },
      consistency: { want, accept: request.consistency?.accept ?? want },
    },
    call,
  );
  return { ...plan, since, excluded };
}

type ComparedDisk = Extract<PlannedDiskCopy, { kind: 'compare' }>;

function comparedDisks(plans: ReadonlyMap<unknown, PlannedDiskCopy>): readonly ComparedDisk[] {
  return [...plans.values()].filter((plan) => plan.kind === 'compare');
}

/** Why an increment cannot be told beforehand; `null` where the source names what changed. */
function whyCompared([first]: readonly ComparedDisk[]): string | null {
  if (first === undefined) return null;
  const why = first.detail === '' ? fullReasonText(first.reason) : first.detail;
  return `${why}: all is read and compared with the last point, and only what differs is stored`;
}

/** The names that the repository has for the disks to back up. */
function numbersOf(disks: readonly DiskPlan[], history: StreamStanding['history']): string[] {
  const numbers = disks.map(({ id }) => history.latestWith(id)?.disks.get(id)?.number);
  // before the first backup they will be numbered as they are listed
  return numbers.flatMap((number, index) => (number === undefined ? [`disk-${index}`] : [`disk-${number}`]));
}

/** A plan names no instant: it is the first baseline that holds for the disk. */
function answerOf(disk: DiskPlan, since: StreamStanding['held']): DiskAnswer {
  const { id, sizeBytes, detail } = disk;
  const baseline = since.find((state) => state.disks.includes(id));
  const incremental = disk.kind === 'incremental' && baseline !== undefined;
  return {
    id,
    sizeBytes,
    slot: undefined,
    changes: incremental
      ? { kind: 'incremental', since: baseline.instant }
      : { kind: 'full', reason: disk.reason ?? 'tracking-lost', detail },
  };
}

function forecastDisk(
  disk: DiskPlan,
  plan: PlannedDiskCopy | undefined,
  type: BackupRun['type'],
): BackupForecast['disks'][number] {
  const full = plan === undefined || plan.kind === 'full';
  const reason = plan?.kind === 'full' ? plan.reason : null;
  return {
    diskId: disk.id,
    sizeBytes: disk.sizeBytes,
    kind: full ? 'full' : type === 'differential' ? 'differential' : 'incremental',
    reason,
    reasonText: reason === null ? null : fullReasonText(reason),
    base: full ? null : plan.base.id,
    // The source planned an increment that the destination cannot take: the whole disk is the bound.
    predictedBytes: full && disk.kind === 'incremental' ? disk.sizeBytes : disk.changedBytes,
    byDigest: plan?.kind === 'compare',
  };
}
