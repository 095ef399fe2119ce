import { randomUUID } from 'node:crypto';
import { jobId } from '@sendense/core';
import { serializeRestorePlaces, targetNameOf } from '@sendense/quickstart';
import {
  describeRestore,
  describeRestoreStatus,
  type PrintedRestore,
  type PrintedRestoreStatus,
} from '../../output/describe-restore.ts';
import type { JobOption } from '../../program/job-flag.ts';
import { findPoint, readPoints } from '../../session/find-points.ts';
import { openEngine } from '../../session/open-engine.ts';
import { openRepository } from '../../session/open-repository.ts';
import { openTarget } from '../../session/open-target.ts';
import { runRestore } from '../../session/run-restore.ts';
import type { Session } from '../../session/session.ts';
import type { RestoreStartOptions } from '../../verbs/restore-start-flags.ts';

/** Restores a point to a target. */
export async function restore(session: Session, options: RestoreStartOptions): Promise<PrintedRestore> {
  const { repository, protect, location } = await openRepository(session, options);
  const point = findPoint(await readPoints(repository, session.call), options.backupId);
  const { target: name, format } = options;
  const { target, place } = await openTarget(session, { name, format, protect });
  const engine = await openEngine(session, { target: targetNameOf(place) });
  const job = jobId(randomUUID());
  const request = {
    jobId: job,
    repository,
    point: point.id,
    target,
    overwrite: options.overwrite === true,
    verify: options.verify,
    start: options.start === true,
    host: serializeRestorePlaces({ repository: location, target: place }),
    ...(options.into === undefined ? {} : { into: options.into }),
    ...(options.disk === undefined ? {} : { disks: options.disk }),
    ...(options.rate === undefined ? {} : { rateBytesPerSecond: options.rate }),
    ...(options.parallel === undefined ? {} : { parallelDisks: options.parallel }),
  };
  const result = await runRestore(engine, job, () => engine.restore(request, session.call));
  return describeRestore(result, place.path);
}

/** How far a restore of this installation is. */
export async function showRestore(session: Session, { job }: JobOption): Promise<PrintedRestoreStatus> {
  return describeRestoreStatus(await (await openEngine(session, {})).restoreStatus(jobId(job)));
}
