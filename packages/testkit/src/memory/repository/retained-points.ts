import type { PointId, RecoveryPoint, RetentionPolicy } from '@sendense/core';

const WEEK_MS = 7 * 24 * 3600 * 1000;
/** 1970-01-05 was a Monday: ISO weeks start there. */
const FIRST_MONDAY_MS = 4 * 24 * 3600 * 1000;

const PERIODS: Readonly<Record<keyof RetentionPolicy, (at: Date, index: number) => string>> = {
  last: (_, index) => String(index),
  hourly: (at) => at.toISOString().slice(0, 13),
  daily: (at) => at.toISOString().slice(0, 10),
  weekly: (at) => String(Math.floor((at.getTime() - FIRST_MONDAY_MS) / WEEK_MS)),
  monthly: (at) => at.toISOString().slice(0, 7),
  yearly: (at) => at.toISOString().slice(0, 4),
};

/** The points of one machine and stream that `policy` keeps: of each rule, the newest of each of the last N periods. */
export function retainedPoints(
  points: readonly RecoveryPoint[],
  policy: RetentionPolicy,
): ReadonlySet<PointId> {
  const newestFirst = points.toSorted((a, b) => b.at.getTime() - a.at.getTime() || b.sequence - a.sequence);
  const kept = new Set<PointId>();
  for (const [rule, period] of Object.entries(PERIODS)) {
    const seen = new Set<string>();
    for (const [index, point] of newestFirst.entries()) {
      const name = period(point.at, index);
      if (seen.has(name)) continue;
      if (seen.size >= (policy[rule as keyof RetentionPolicy] ?? 0)) break;
      seen.add(name);
      kept.add(point.id);
    }
  }
  return kept;
}
