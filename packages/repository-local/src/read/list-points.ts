import { type Call, type PointFilter, type RecoveryPoint, throwIfAborted } from '@sendense/core';
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
    if (matches(point, filter)) yield point;
  }
}

/** Orders by instant; where the clock went back within a stream, a point counts as old as the newest before it. */
function oldestFirst(points: readonly RecoveryPoint[]): readonly RecoveryPoint[] {
  const streams = Map.groupBy(points, ({ machine, stream }) => `${machine} ${stream}`);
  const aged = [...streams.values()].flatMap((stream) => {
    let ageMs = Number.NEGATIVE_INFINITY;
    return stream
      .toSorted((a, b) => a.sequence - b.sequence)
      .map((point) => {
        ageMs = Math.max(ageMs, point.at.getTime());
        return { point, ageMs };
      });
  });
  // Sorting is stable: points of one stream and age stay in sequence.
  return aged.toSorted((a, b) => a.ageMs - b.ageMs).map(({ point }) => point);
}

function matches({ machine, stream, at }: RecoveryPoint, filter: PointFilter): boolean {
  return (
    (filter.machine === undefined || machine === filter.machine) &&
    (filter.stream === undefined || stream === filter.stream) &&
    (filter.from === undefined || at >= filter.from) &&
    (filter.to === undefined || at <= filter.to)
  );
}
