import { type JobId, SendenseError } from '@sendense/core';
import type { Engine, RestoreMachineResult } from '@sendense/engine';
import { tellRestoreFailure } from '../output/restore-failure.ts';

/** Runs a restore; its failure tells how to go on with the job, where the journal has it and work was done. */
export async function runRestore(
  engine: Engine,
  job: JobId,
  run: () => Promise<RestoreMachineResult>,
): Promise<RestoreMachineResult> {
  try {
    return await run();
  } catch (error) {
    if (!SendenseError.is(error)) throw error;
    const worthwhile = await canGoOn(engine, job, error);
    throw tellRestoreFailure(error, worthwhile ? job : undefined);
  }
}

/** What failed before anything was written is simply ordered again, in another way. */
async function canGoOn(engine: Engine, job: JobId, error: SendenseError): Promise<boolean> {
  const status = await engine.restoreStatus(job).catch(() => undefined);
  if (status?.state !== 'failed' && status?.state !== 'cancelled') return false;
  const begun = status.steps.some(({ name, state }) => name === 'copy' && state !== 'pending');
  return begun || error.code === 'ABORTED';
}
