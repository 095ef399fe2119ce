import type { Call, PointAnnotation, PointId, RecoveryPoint } from '@sendense/core';
import { SendenseError } from '@sendense/core';
import { pointRecord } from '../records/point-record.ts';
import { checkFields } from '../records/sealed-json.ts';
import type { LocalStore } from '../store/local-store.ts';
import { findInMachine, findPointRecord, replacePointRecord } from '../store/point-records.ts';
import { toRecoveryPoint } from '../store/recovery-point.ts';

/** Pins a point, or notes a sentence on it; see `RepositoryMaintenance.annotate`. */
export async function annotatePoint(
  store: LocalStore,
  id: PointId,
  change: PointAnnotation,
  call?: Call,
): Promise<RecoveryPoint> {
  const { paths } = await findPointRecord(store, id);
  return store.withLock(paths, call, async () => {
    const record = await findInMachine(store, paths, id);
    if (record === undefined) {
      throw new SendenseError('NOT_FOUND', `point ${id} was removed`, { operation: 'annotate-point' });
    }
    const { held = record.held, note = record.note } = change;
    const next = { ...record, held, note };
    checkFields(pointRecord, next);
    await replacePointRecord(store, paths, next);
    return toRecoveryPoint(next, paths);
  });
}
