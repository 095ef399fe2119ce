import type { JobProgress, JobView } from '@sendense/api';
import type { CompletedJob } from '@sendense/client';
import { amendError, SendenseError } from '@sendense/core';
import type { Desk } from './desk.ts';

/**
 * Follows a job to its end and shows how far it is. A signal of the user cancels the job, as one that runs in this process ends with it;
 * what the job came to in the end counts. Rejects with the job's own error; with `CONNECTION_LOST` or `TIMEOUT` where the server was not
 * reached, and the job goes on there; with `NOT_FOUND` where the server has no such job. After another failure nobody knows.
 */
export async function finishJob(desk: Desk, job: JobView): Promise<CompletedJob> {
  const { session, client } = desk;
  const { signal } = session.stop;
  const { job_id: id, vm_name: machine } = job;
  session.log({ level: 'info', message: 'the server has taken the job', fields: { job: id } });
  try {
    return await client.jobs.wait(id, { signal, onProgress: (progress) => show(desk, job, progress) });
  } catch (error) {
    if (!signal.aborted) throw named(error, id, machine);
  }
  try {
    await client.cancelJob({ job_id: id });
    return await client.jobs.wait(id);
  } catch (error) {
    throw named(error, id, machine);
  }
}

/** A server tells of the job as a whole, by the name of its machine. */
function show({ progress: view }: Desk, { job_id: jobId, vm_name: disk }: JobView, now: JobProgress): void {
  view.update({
    jobId,
    disk,
    work: 'copy',
    doneBytes: now.done_bytes,
    totalBytes: now.total_bytes,
    percent: now.percent,
    bytesPerSecond: now.bytes_per_second,
    etaSeconds: now.eta_seconds,
  });
}

/** What failed of the following, and not of the job, ends no job. */
function named(error: unknown, job: string, machine: string): unknown {
  if (!SendenseError.is(error)) return error;
  const { code, context, message } = error;
  if (context.job !== undefined || code === 'ABORTED' || code === 'NOT_FOUND') return error;
  const isAway = code === 'CONNECTION_LOST' || code === 'TIMEOUT';
  const fate = isAway
    ? `the job of ${machine} goes on at the server`
    : `what became of the job of ${machine} is not known`;
  return amendError(error, {
    message: `${message}; ${fate}`,
    remedy: `see what became of it with "sendense-ctl jobs list", or end it with "sendense-ctl jobs cancel --job ${job}"`,
    context: { job },
  });
}

/** A job that did something else than it was asked for. */
export function otherJob(job: string): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', 'the job of the server did not do what it was asked for', {
    operation: 'wait-job',
    context: { job },
  });
}
