import type { Clock } from '../plugin/plugin-services.ts';
import { systemClock } from '../plugin/system-services.ts';
import type { Call } from '../values/call.ts';
import type { Progress } from '../values/progress.ts';

/** The least time between two reports: ten a second. */
const INTERVAL_MS = 100;

type Clocked = Pick<Clock, 'monotonicMs'>;

/** Passes on at most ten reports a second; `flush` gives the last one that was held back. */
export function limitProgress(
  onProgress: NonNullable<Call['onProgress']>,
  clock: Clocked = systemClock,
): { readonly report: (progress: Progress) => void; readonly flush: () => void } {
  let last = Number.NEGATIVE_INFINITY;
  let held: Progress | undefined;
  return {
    report(progress) {
      held = progress;
      const now = clock.monotonicMs();
      if (now - last < INTERVAL_MS) return;
      last = now;
      held = undefined;
      onProgress(progress);
    },
    flush() {
      if (held !== undefined) onProgress(held);
      held = undefined;
    },
  };
}

/** Several counts as one: each part reports what it has done, and the sum goes on. */
export function sumProgress(onProgress: NonNullable<Call['onProgress']>): {
  readonly part: () => NonNullable<Call['onProgress']>;
} {
  const parts: number[] = [];
  return {
    part() {
      const index = parts.push(0) - 1;
      return ({ done, unit }) => {
        parts[index] = done;
        onProgress({ done: parts.reduce((sum, count) => sum + count, 0), total: null, unit });
      };
    },
  };
}
