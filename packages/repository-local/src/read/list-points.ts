import { type Call, type PointFilter, type RecoveryPoint, throwIfAborted } from '@sendense/core';
import { matchesFilter, oldestFirst } from '@sendense/plugin-kit/points';
import type { LocalStore } from '../store/local-store.ts';
import { readPointRecords } from '../store/point-records.ts';
import { toRecoveryPoint } from '../store/recovery-point.ts';

/** The committed points, oldest first; within a stream by sequence, whatever the clock did. */
export async function* listPoints(
  store: LocalStore,
  filter: PointFilter = {},
  call?: Call,
): AsyncGenerator<RecoveryPoint> {
  const points: RecoveryPoint[] = [];
  for (const machine of await store.machines()) {
    throwIfAborted(call?.signal, 'list-points');
    if (filter.machine !== undefined && filter.machine !== machine) continue;
    const paths = store.paths(machine);
    const { records } = await readPointRecords(store, paths);
    points.push(...records.map((record) => toRecoveryPoint(record, paths)));
  }
  for (const point of oldestFirst(points)) {
    throwIfAborted(call?.signal, 'list-points');
    if (matchesFilter(point, filter)) yield point;
  }
}
