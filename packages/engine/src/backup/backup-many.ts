import { type Call, guardSource, type Lane, type MachineRef, type SendenseError } from '@sendense/core';
import PQueue from 'p-queue';
import type { EngineContext } from '../jobs/engine-context.ts';
import { toSendenseError } from '../jobs/to-sendense-error.ts';
import { backup } from './backup.ts';
import type { BackupRequest } from './backup-request.ts';
import type { BackupResult } from './backup-result.ts';
import { backupIdentity } from './backup-run.ts';
import { newCaptureId } from './recover-stream.ts';

/** Machines backed up at once unless the caller says otherwise. */
const PARALLEL_MACHINES = 4;

/** How several backups run. */
export type BackupManyOptions = Call & { readonly parallelMachines?: number };

/** A machine that could not be backed up. */
export type FailedBackup = { readonly machine: MachineRef; readonly error: SendenseError };

/** Both lists of a run over several machines; the order is that of the requests. */
export type BackupManyResult = {
  readonly succeeded: readonly BackupResult[];
  readonly failed: readonly FailedBackup[];
};

/**
 * Backs up several machines at once; one that fails does not stop the others. The shared limits that each source's plan
 * names (lanes) are held across all jobs of the engine. Never rejects: a cancelled machine is in `failed` with `ABORTED`.
 */
export async function backupMany(
  context: EngineContext,
  requests: readonly BackupRequest[],
  options: BackupManyOptions = {},
): Promise<BackupManyResult> {
  const queue = new PQueue({ concurrency: Math.max(1, options.parallelMachines ?? PARALLEL_MACHINES) });
  const call: Call = { ...(options.signal && { signal: options.signal }) };
  const outcomes = await Promise.all(
    requests.map((request) => queue.add(() => backupOne(context, request, call))),
  );
  return {
    succeeded: outcomes.flatMap((outcome) => ('pointId' in outcome ? [outcome] : [])),
    failed: outcomes.flatMap((outcome) => ('error' in outcome ? [outcome] : [])),
  };
}

async function backupOne(
  context: EngineContext,
  request: BackupRequest,
  call: Call,
): Promise<BackupResult | FailedBackup> {
  try {
    const lanes = await lanesOf(context, request, call);
    return await context.lanes.run(lanes, () => backup(context, request, call));
  } catch (error) {
    return { machine: request.machine, error: toSendenseError(error, 'backup', call.signal) };
  }
}

async function lanesOf(context: EngineContext, request: BackupRequest, call: Call): Promise<readonly Lane[]> {
  const plan = await guardSource(request.source).plan(
    {
      id: newCaptureId(context),
      machine: request.machine,
      stream: backupIdentity(request).stream,
      since: [],
      consistency: { want: 'crash', accept: 'crash' },
    },
    call,
  );
  return plan.lanes;
}
