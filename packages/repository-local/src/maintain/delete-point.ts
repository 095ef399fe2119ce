import { type Call, type PointId, type RecoveryPoint, SendenseError } from '@sendense/core';
import { readHolds, writerOn } from '../store/holds.ts';
import type { LocalStore } from '../store/local-store.ts';
import { findPointRecord } from '../store/point-records.ts';
import { removePoints } from './remove-points.ts';
import { withMaintenance } from './with-maintenance.ts';

/** Removes one point; see `RepositoryMaintenance.delete`. */
export async function deletePoint(
  store: LocalStore,
  id: PointId,
  call?: Call,
): Promise<{ readonly removed: readonly PointId[]; readonly freedBytes: number }> {
  const { record, paths } = await findPointRecord(store, id);
  if (record.held) throw pointHeld(record);
  return withMaintenance(store, paths, call, async () => {
    if (writerOn(await readHolds(store, paths), id) !== undefined) throw pointLocked(record);
    const { removed, freedBytes } = await removePoints(store, paths, new Set([id]), call);
    if (removed.length === 0) throw pointLocked(record);
    return { removed, freedBytes };
  });
}

/** The error of a point that is pinned. */
export function pointHeld({ id }: Pick<RecoveryPoint, 'id'>): SendenseError {
  return new SendenseError('IMMUTABLE', `point ${id} is held`, {
    operation: 'delete-point',
    remedy: 'release the hold first',
    context: { point: id },
  });
}

/** The error of a point that a running backup builds on. */
export function pointLocked({ id }: Pick<RecoveryPoint, 'id'>): SendenseError {
  return new SendenseError('LOCKED', `a running backup builds on point ${id}`, {
    operation: 'delete-point',
    remedy: 'repeat when the backup has ended',
    context: { point: id },
  });
}
