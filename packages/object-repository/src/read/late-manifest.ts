import type { PointRecord } from '../records/point-record.ts';
import { TIME_GRAIN_MS } from '../store/object-store.ts';

/** By what readers tell whether a manifest came in time. */
export type LateRule = {
  /** Of the repository, in milliseconds. */
  readonly graceMs: number;
  /** The time of the configuration in this store. */
  readonly configuredAt: Date;
};

/** The latest that what others rely on may be there after its point was begun; see the format, section 4. */
export function isBeyondGrace(graceMs: number, begunAt: Date, modifiedAt: Date): boolean {
  return modifiedAt.getTime() - begunAt.getTime() > (graceMs * 3) / 4 + TIME_GRAIN_MS;
}

/**
 * Whether a manifest came so late that a prune may have deleted what its point needs. Told by times of one store: in a copy of it, whose
 * objects have the times of copying, nothing is late, and neither is a manifest that does not say when its point was begun.
 */
export function cameLate(
  { begunAt, configuredAt }: Pick<PointRecord, 'begunAt' | 'configuredAt'>,
  modifiedAt: Date,
  rule: LateRule,
): boolean {
  if (begunAt === undefined || configuredAt === undefined) return false;
  if (Math.abs(configuredAt.getTime() - rule.configuredAt.getTime()) > TIME_GRAIN_MS) return false;
  return isBeyondGrace(rule.graceMs, begunAt, modifiedAt);
}
