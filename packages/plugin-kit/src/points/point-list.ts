import type { PointFilter, RecoveryPoint } from '@sendense/core';

/** What of a point its place in a list depends on. */
export type ListedPoint = Pick<RecoveryPoint, 'machine' | 'stream' | 'sequence' | 'at'>;

/** Orders by instant; where the clock went back within a stream, a point counts as old as the newest before it. */
export function oldestFirst<P extends ListedPoint>(points: readonly P[]): readonly P[] {
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

/** Whether a filter lets a point through. */
export function matchesFilter({ machine, stream, at }: ListedPoint, filter: PointFilter): boolean {
  return (
    (filter.machine === undefined || machine === filter.machine) &&
    (filter.stream === undefined || stream === filter.stream) &&
    (filter.from === undefined || at >= filter.from) &&
    (filter.to === undefined || at <= filter.to)
  );
}
