import { type PointAnnotation, type RecoveryPoint, SendenseError } from '@sendense/core';
import type { BackupIdOption, RepositoryOption } from '../program/shared-flags.ts';
import { findPoint, readPoints } from './find-points.ts';
import { maintenanceOf, noteChange } from './maintain.ts';
import { openRepository } from './open-repository.ts';
import type { Session } from './session.ts';

/** A point after its annotation changed, and the folder of its repository. */
export type Annotated = { readonly point: RecoveryPoint; readonly path: string };

/** Pins a point, or notes a sentence on it. */
export async function annotate(
  session: Session,
  target: RepositoryOption & BackupIdOption,
  change: PointAnnotation,
): Promise<Annotated> {
  await session.catalog();
  const open = await openRepository(session, target);
  const { id } = findPoint(await readPoints(open.repository, session.call), target.backupId);
  const maintenance = maintenanceOf(open.repository);
  if (maintenance.annotate === undefined) {
    throw new SendenseError('UNSUPPORTED', 'this repository keeps no holds and notes', {
      operation: 'annotate',
      remedy: 'copy the point to a local repository, which keeps them',
    });
  }
  const point = await maintenance.annotate(id, change, session.call);
  await noteChange(session, open, point.machine);
  return { point, path: open.path };
}
