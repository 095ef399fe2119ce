import { type JobId, jobId } from '@sendense/core';
import type { Engine, ResumeRestoreRequest } from '@sendense/engine';
import { openEngine } from './open-engine.ts';
import { openRepository } from './open-repository.ts';
import { openTarget } from './open-target.ts';
import { parseRestoreHost } from './restore-host.ts';
import type { Session } from './session.ts';

/** A restore of another process, with everything that it was started with open again. */
export type OpenRestore = { readonly engine: Engine; readonly request: ResumeRestoreRequest };

/** Opens repository and target of a restore job. Throws `NOT_FOUND` for an unknown job. */
export async function openRestore(session: Session, job: string): Promise<OpenRestore> {
  const id: JobId = jobId(job);
  const engine = await openEngine(session, {});
  const { repository: location, target: place } = parseRestoreHost((await engine.restoreStatus(id)).host);
  const { repository, path } = await openRepository(session, location);
  return { engine, request: { jobId: id, repository, target: await openTarget(session, place, [path]) } };
}
