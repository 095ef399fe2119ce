import { type Call, type Capture, guardRepository, guardSource } from '@sendense/core';
import { withClaim } from '../jobs/claim.ts';
import { disposeQuietly } from '../jobs/dispose-quietly.ts';
import type { EngineContext } from '../jobs/engine-context.ts';
import { runJob } from '../jobs/run-job.ts';
import type { BackupRequest } from './backup-request.ts';
import type { BackupResult } from './backup-result.ts';
import { type BackupRun, backupIdentity } from './backup-run.ts';
import { chooseBaselines } from './baselines.ts';
import { resolveExcludedDisks } from './exclude-disks.ts';
import { createFreezeRun } from './freeze-hooks.ts';
import { checkCapture, type FreezeOrder, freezeMachine } from './freeze-machine.ts';
import { journalEnd, journalStart } from './journal-run.ts';
import { makePoint } from './make-point.ts';
import { makeRoom } from './make-room.ts';
import { readStanding, recoverStream, type StreamStanding } from './recover-stream.ts';
import { settlePoint, startingIds } from './resume-point.ts';
import { summarizeBackup } from './summarize-backup.ts';

/** Backs up one machine, in the one order of the contracts: each step may be the last one that happens. */
export function backup(
  context: EngineContext,
  request: BackupRequest,
  call: Call = {},
): Promise<BackupResult> {
  const source = guardSource(request.source);
  const repository = guardRepository(request.repository);
  const { machineKey, stream } = backupIdentity(request);
  const { jobId, pace, rateBytesPerSecond } = request;
  const start = {
    verb: 'backup',
    subject: { machine: machineKey, repository: repository.id },
    call,
    ...(jobId !== undefined && { jobId }),
    ...(pace !== undefined && { pace }),
    ...(rateBytesPerSecond !== undefined && { rateBytesPerSecond }),
  } as const;
  return runJob(context, start, (job) => {
    const type = request.type ?? 'auto';
    const run: BackupRun = { context, job, request, type, source, repository, machineKey, stream };
    return withClaim(context, stream, () => backupStream(run));
  });
}

async function backupStream(run: BackupRun): Promise<BackupResult> {
  const { job, request } = run;
  const startedMs = job.clock.monotonicMs();
  const { standing, order } = await job.step('recover', () => prepareRun(run));
  const begun = await journalStart(run, standing.record, startingIds(run, standing, order));
  const hooks = createFreezeRun(job, request.hooks, request.machine.id);
  let capture: Capture | undefined;
  try {
    capture = await job.step('capture', async () => {
      const frozen = await freezeMachine(run, order, hooks);
      capture = frozen;
      await hooks.release('capture');
      checkCapture(run, frozen, order, hooks, standing.history);
      return frozen;
    });
    const started = await settlePoint(run, standing.record, begun, capture);
    job.subject = { ...job.subject, machineName: capture.spec.name, point: started.pointId };
    const made = await makePoint(run, { standing, capture, order, hooks, started });
    return summarizeBackup(run, made, { standing, order }, job.clock.monotonicMs() - startedMs);
  } finally {
    await hooks.giveUp();
    // A capture that rejected left nothing behind; one that cannot be closed keeps its id for the next run.
    if (await disposeQuietly(job, 'capture', capture)) await journalEnd(run, standing.record);
  }
}

async function prepareRun(run: BackupRun): Promise<{ standing: StreamStanding; order: FreezeOrder }> {
  const { request, source, job } = run;
  const standing = await readStanding(run);
  const names = request.excludeDisks ?? [];
  const excluded = await resolveExcludedDisks(names, request.machine, source, standing.history, {
    signal: job.signal,
  });
  const captureId = await recoverStream(run, standing);
  const order = { captureId, excluded, since: chooseBaselines(standing.history, standing.held, run.type) };
  const roomy = await makeRoom(run, standing, order);
  return {
    standing: roomy,
    order: { ...order, since: chooseBaselines(roomy.history, roomy.held, run.type) },
  };
}
