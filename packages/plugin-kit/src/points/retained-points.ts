import type { PointId, RecoveryPoint, RetentionPolicy } from '@sendense/core';

const DAY_MS = 24 * 3600 * 1000;
/** 1970-01-05 was a Monday: ISO weeks start there. */
const FIRST_MONDAY_MS = 4 * DAY_MS;

/** The name of the period that an instant is in, for each rule. */
const PERIODS: Readonly<Record<keyof RetentionPolicy, (at: Date, index: number) => string>> = {
  last: (_, index) => String(index),
  hourly: (at) => at.toISOString().slice(0, 13),
  daily: (at) => at.toISOString().slice(0, 10),
  weekly: (at) => String(Math.floor((at.getTime() - FIRST_MONDAY_MS) / (7 * DAY_MS))),
  monthly: (at) => at.toISOString().slice(0, 7),
  yearly: (at) => at.toISOString().slice(0, 4),
};

/**
 * The points of one machine and stream that `policy` keeps: of each rule, the newest of each of the last N periods that
 * have one, in UTC. Newer is who has the larger sequence: a clock that was set wrong for a while costs nothing more
 * than the periods it named.
 */
export function retainedPoints(
  points: readonly Pick<RecoveryPoint, 'id' | 'at' | 'sequence'>[],
  policy: RetentionPolicy,
): ReadonlySet<PointId> {
  const newestFirst = points.toSorted((a, b) => b.sequence - a.sequence);
  const kept = new Set<PointId>();
  for (const [rule, period] of Object.entries(PERIODS)) {
    const count = policy[rule as keyof RetentionPolicy] ?? 0;
    const seen = new Set<string>();
    for (const [index, { id, at }] of newestFirst.entries()) {
      const name = period(at, index);
      if (seen.has(name)) continue;
      if (seen.size >= count) break;
      seen.add(name);
      kept.add(id);
    }
  }
  return kept;
}
