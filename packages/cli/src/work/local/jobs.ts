import type { Job } from '@sendense/catalog';
import { isHolderAlive } from '@sendense/plugin-kit';
import type { JobOption } from '../../program/job-flag.ts';
import type { Session } from '../../session/session.ts';
import type { CancelledJob } from '../work.ts';

/** The jobs of this installation, oldest first. */
export async function listJobs(session: Session): Promise<readonly Job[]> {
  const { jobs } = await session.catalog();
  await jobs.closeAbandoned(isHolderAlive);
  return jobs.list();
}

/** Asks the process that runs a job to abandon it. */
export async function cancelJob(session: Session, options: JobOption): Promise<CancelledJob> {
  const { jobs } = await session.catalog();
  await jobs.closeAbandoned(isHolderAlive);
  const { id, status } = await jobs.requestCancel(options.job);
  return { id, status, requested: status === 'running' || status === 'pending' };
}
