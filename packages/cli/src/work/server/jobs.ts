import type { JobState, JobView } from '@sendense/api';
import type { Job } from '@sendense/catalog';
import type { JobOption } from '../../program/job-flag.ts';
import type { CancelledJob } from '../work.ts';
import type { Desk } from './desk.ts';

/** What the catalog calls the states of a server. A job that a stop cut short goes on when the server starts again. */
const STATUS: Readonly<Record<JobState, Job['status']>> = {
  queued: 'pending',
  running: 'running',
  interrupted: 'pending',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** The jobs of the server that the caller sees, oldest first. */
export async function listJobs({ client, session }: Desk): Promise<readonly Job[]> {
  const { jobs } = await client.listJobs({}, session.call);
  return jobs.map(printJob).toReversed();
}

/** Asks the server to end a job. One that waits ends at once. */
export async function cancelJob({ client }: Desk, { job }: JobOption): Promise<CancelledJob> {
  const { job_id: id, state, cancel_requested: isAsked } = await client.cancelJob({ job_id: job });
  return { id, status: STATUS[state], requested: isAsked && state !== 'completed' && state !== 'failed' };
}

/** Which process of the server runs it, and the id of the repository, a server does not tell. */
function printJob(view: JobView): Job {
  const { result } = view;
  const facts = {
    id: view.job_id,
    status: STATUS[view.state],
    holder: null,
    createdAt: view.created_at,
    startedAt: view.started_at,
    finishedAt: view.ended_at,
    error: view.error,
    repositoryId: null,
    pointId: view.backup_id,
  };
  if (view.kind === 'restore') {
    const made = result !== null && 'bytes_written' in result ? result : null;
    const { bytes_written: bytesWritten = null, verified = null } = made ?? {};
    return { ...facts, kind: 'restore', target: view.target, bytesWritten, verified };
  }
  const made = result !== null && 'backup_type' in result ? result : null;
  return {
    ...facts,
    kind: 'backup',
    machineKey: made?.machine_id || null, // empty where a server of an earlier version made it
    machineName: made?.vm_name ?? view.vm_name,
    requestedType: view.requested_type ?? 'auto',
    type: made?.backup_type ?? null,
    reason: made?.reason ?? null,
    bytesRead: made?.bytes_read ?? null,
    changedBytes: made?.changed_bytes ?? null,
    bytesStored: made?.bytes_stored ?? null,
  };
}
