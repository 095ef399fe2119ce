import { type JobId, jobId } from '@sendense/core';
import type { Engine, ResumeRestoreRequest } from '@sendense/engine';
import { parseRestorePlaces, targetNameOf } from '@sendense/quickstart';
import type { JobOption } from '../program/job-flag.ts';
import type { PassphraseOption } from '../program/shared-flags.ts';
import { openEngine } from './open-engine.ts';
import { openNamed } from './open-repository.ts';
import { openTarget } from './open-target.ts';
import type { Session } from './session.ts';

/** A restore of another process, with everything that it was started with open again. */
export type OpenRestore = {
  readonly engine: Engine;
  readonly request: ResumeRestoreRequest;
  /** Path of the file or folder that is written. */
  readonly targetPath: string;
};

/** Opens repository and target of a restore job. Throws `NOT_FOUND` for an unknown job. */
export async function openRestore(
  session: Session,
  options: JobOption & PassphraseOption,
): Promise<OpenRestore> {
  const id: JobId = jobId(options.job);
  const engine = await openEngine(session, {});
  const places = parseRestorePlaces((await engine.restoreStatus(id)).host);
  const { repository, protect } = await openNamed(session, places.repository, {
    file: options.passphraseFile,
  });
  const { target } = await openTarget(session, {
    name: targetNameOf(places.target),
    format: places.target.format ?? undefined,
    protect,
  });
  return { engine, request: { jobId: id, repository, target }, targetPath: places.target.path };
}
