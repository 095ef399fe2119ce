import { setTimeout as delay } from 'node:timers/promises';
import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { mapQmpFailure } from '@sendense/platform-kvm';
import type { QmpClient } from '@sendense/platform-kvm/qmp';
import { type BlockJob, queryExports, queryJobs } from './queries.ts';

/** Pause between two looks at a job that is about to end. */
const LOOK_MS = 5;
/** The longest wait for a job or export to end: it waits for the requests that it has under way. */
const END_MS = 60_000;

/** Looks until `look` gives something. Rejects with `TIMEOUT`. */
async function until<T>(look: () => Promise<T | undefined>, what: string, call?: Call): Promise<T> {
  for (let waitedMs = 0; waitedMs < END_MS; waitedMs += LOOK_MS) {
    throwIfAborted(call?.signal, 'wait-for-qemu');
    const seen = await look();
    if (seen !== undefined) return seen;
    await delay(LOOK_MS);
  }
  throw new SendenseError('TIMEOUT', `${what} did not end within ${END_MS} ms`, {
    operation: 'wait-for-qemu',
    remedy: 'check whether the storage of the machine hangs',
  });
}

/** Waits until the job is concluded and dismisses it. `undefined` when there is no such job. */
async function concluded(qmp: QmpClient, id: string, call?: Call): Promise<BlockJob | undefined> {
  const look = async () => {
    const job = (await queryJobs(qmp, call)).find((one) => one.id === id);
    if (job === undefined) return { job };
    return job.status === 'concluded' ? { job } : undefined;
  };
  const { job } = await until(look, `job ${id}`, call);
  if (job !== undefined) await qmp.execute('job-dismiss', { id }, call);
  return job;
}

/** Waits for the success of a job that ends by itself. Rejects with what its error means. */
export async function jobDone(qmp: QmpClient, id: string, command: string, call?: Call): Promise<void> {
  const job = await concluded(qmp, id, call);
  if (job?.error !== undefined) throw mapQmpFailure({ class: 'JobFailed', description: job.error }, command);
}

/** Ends a job, however it stands; a job that is not there is no failure. */
export async function endJob(qmp: QmpClient, id: string): Promise<boolean> {
  const job = (await queryJobs(qmp)).find((one) => one.id === id);
  if (job === undefined) return false;
  if (job.status !== 'concluded') await qmp.execute('job-cancel', { id });
  await concluded(qmp, id);
  return true;
}

/** Removes an export and waits until its clients are gone; one that is not there is no failure. */
export async function endExport(qmp: QmpClient, id: string): Promise<boolean> {
  const isThere = async () => (await queryExports(qmp)).some((one) => one.id === id);
  if (!(await isThere())) return false;
  await qmp.execute('block-export-del', { id, mode: 'hard' });
  await until(async () => ((await isThere()) ? undefined : true), `export ${id}`);
  return true;
}
