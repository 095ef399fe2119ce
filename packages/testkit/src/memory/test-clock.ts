import type { Clock } from '@sendense/core';

/** A clock that stands still until a test moves it. */
export interface TestClock extends Clock {
  /** Moves both the wall clock and the monotonic one. */
  advance(milliseconds: number): void;
  /** Sets the wall clock alone, also backwards. */
  set(now: Date): void;
}

/** Makes a clock at `start` (default 2026-01-01T00:00:00Z). */
export function createTestClock(start = new Date('2026-01-01T00:00:00.000Z')): TestClock {
  let wall = start.getTime();
  let monotonic = 0;
  return {
    now: () => new Date(wall),
    monotonicMs: () => monotonic,
    advance(milliseconds) {
      wall += milliseconds;
      monotonic += milliseconds;
    },
    set(now) {
      wall = now.getTime();
    },
  };
}
