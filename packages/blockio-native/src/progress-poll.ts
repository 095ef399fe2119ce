import type { Call } from '@sendense/core';

/** The least time between two reports: ten a second. */
const INTERVAL_MS = 100;

/** Reports how far a transfer is, ten times a second at most, and the end when it succeeded. */
export function pollProgress(
  onProgress: Call['onProgress'],
  total: number,
  done: () => number,
): { readonly stop: (succeeded: boolean) => void } {
  if (onProgress === undefined) return { stop: () => undefined };
  let last = 0;
  const report = (): void => {
    const now = done();
    if (now === last) return;
    last = now;
    onProgress({ done: now, total, unit: 'bytes' });
  };
  const timer = setInterval(report, INTERVAL_MS);
  return {
    stop(succeeded) {
      clearInterval(timer);
      if (succeeded) report();
    },
  };
}
