import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { pollProgress } from './progress-poll.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('reports ten times a second at most, only what is new, and the end of a success', () => {
  const seen: number[] = [];
  let done = 0;
  const progress = pollProgress(
    (report) => seen.push(report.done),
    100,
    () => done,
  );
  for (let step = 1; step <= 500; step++) {
    if (step <= 300) done = step / 10;
    vi.advanceTimersByTime(1);
  }
  expect(seen).toEqual([10, 20, 30]);
  done = 100;
  progress.stop(true);
  expect(seen).toEqual([10, 20, 30, 100]);
  vi.advanceTimersByTime(1000);
  expect(seen).toHaveLength(4);
});

it('reports no end of a failure', () => {
  const seen: number[] = [];
  pollProgress(
    (report) => seen.push(report.done),
    100,
    () => 50,
  ).stop(false);
  expect(seen).toEqual([]);
});
