import type { Clock } from '@sendense/core';

/** `act`, without the calls that come sooner than so many milliseconds after one that was let through. */
export function atMostEvery(spanMs: number, clock: Clock, act: () => void): () => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - lastMs < spanMs) return;
    lastMs = nowMs;
    act();
  };
}
