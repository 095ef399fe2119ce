import { type Call, type PointId, SendenseError } from '@sendense/core';
import type { MachinePaths } from '../layout/machine-paths.ts';
import { type MergeRecord, mergeRecord } from '../records/merge-record.ts';
import type { PointRecord } from '../records/point-record.ts';
import { readHolds, writerOn } from '../store/holds.ts';
import type { LocalStore } from '../store/local-store.ts';
import { readPointRecords } from '../store/point-records.ts';
import { pointHeld, pointLocked } from './delete-point.ts';
import { type RemovalReport, removePoints } from './remove-points.ts';

/**
 * Takes the points between `point` and `onto` into `point`. The same merge asked for again after a crash is finished,
 * although by then `point` may build on `onto` already. Under the machine's maintenance lock. Rejects with
 * `PARENT_MISSING` when `point` does not build on `onto`, `IMMUTABLE` or `LOCKED` when a point between must stay.
 */
export async function mergePoints(
  store: LocalStore,
  paths: MachinePaths,
  point: PointId,
  onto: PointId,
  call?: Call,
): Promise<RemovalReport> {
  const cutOff = await readMerge(store, paths);
  const isSame = cutOff?.point === point && cutOff.onto === onto;
  const { records } = await readPointRecords(store, paths);
  const between = pointsBetween(records, point, onto);
  const earlier = records.filter(({ id }) => isSame && cutOff.points.includes(id) && !between.includes(id));
  const points = [...between, ...earlier.map(({ id }) => id)];
  await checkRemovable(store, paths, records, points);
  if (points.length > 0) {
    await store.write(mergeRecord, paths.merge, { point, onto, points });
    await store.syncFolder(paths.folder);
  }
  const report = await removePoints(store, paths, new Set(points), call);
  // Should it come back after a power loss, then there is nothing left to take in.
  if (points.length > 0 || isSame) await store.session.retire(paths.merge);
  return report;
}

/** The points that `newest` builds on, down to `oldest` alone. */
function pointsBetween(
  records: readonly PointRecord[],
  newest: PointId,
  oldest: PointId,
): readonly PointId[] {
  const parents = new Map(records.map(({ id, parentId }) => [id, parentId]));
  const between: PointId[] = [];
  for (let id = parents.get(newest) ?? null; id !== oldest; id = parents.get(id) ?? null) {
    if (id === null) throw notBelow(newest, oldest);
    between.push(id);
  }
  return between;
}

async function checkRemovable(
  store: LocalStore,
  paths: MachinePaths,
  records: readonly PointRecord[],
  points: readonly PointId[],
): Promise<void> {
  const holds = await readHolds(store, paths);
  for (const record of records.filter(({ id }) => points.includes(id))) {
    if (record.held) throw pointHeld(record);
    if (writerOn(holds, record.id) !== undefined) throw pointLocked(record);
  }
}

/** Unreadable, it is as good as gone: points stay that could have been taken in. */
async function readMerge(store: LocalStore, paths: MachinePaths): Promise<MergeRecord | undefined> {
  return store.read(mergeRecord, paths.merge).catch((error: unknown) => {
    if (SendenseError.is(error, 'NOT_FOUND') || SendenseError.is(error, 'CORRUPT')) return undefined;
    throw error;
  });
}

function notBelow(point: PointId, onto: PointId): SendenseError {
  return new SendenseError('PARENT_MISSING', `point ${point} does not build on ${onto}`, {
    operation: 'consolidate',
    remedy: 'name a point of its chain',
    context: { point, onto },
  });
}
