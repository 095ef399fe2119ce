import type { Pace } from '@sendense/core';
import { type AdjustablePace, createPace } from '@sendense/plugin-kit';

/** A pace of `bytesPerSecond` (`null` = none) that also takes from `shared`, the budget of several jobs. */
export function createJobPace(bytesPerSecond: number | null, shared?: Pace): AdjustablePace {
  const own = createPace(bytesPerSecond);
  return {
    async take(bytes, call) {
      const granted = await own.take(bytes, call);
      return shared === undefined ? granted : shared.take(granted, call);
    },
    setRate: (next) => own.setRate(next),
  };
}
