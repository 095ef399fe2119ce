import type { Call } from '@sendense/core';
import { settledJob } from './backup-job.ts';
import { withDomainLock } from './domain-lock.ts';
import type { DomainSession } from './domain-session.ts';

/**
 * Runs `work` while no other process of ours changes jobs and checkpoints of the domain, and libvirt is not beginning a
 * job for one that died. Even to ask how much a checkpoint has recorded is safe only so: libvirt 9.0 crashes when the
 * checkpoint is deleted meanwhile.
 */
export async function exclusively<T>(
  session: DomainSession,
  work: () => Promise<T>,
  call?: Call,
): Promise<T> {
  const uuid = (await session.run('domuuid', [], call)).trim();
  const settled = async () => {
    await settledJob(session);
    return await work();
  };
  return await withDomainLock(uuid, settled, call);
}
