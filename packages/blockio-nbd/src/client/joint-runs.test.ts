import { describe, expect, it } from 'vitest';
import { type ContextRun, jointRuns } from './joint-runs.ts';

const run = (length: number, flags: number | bigint): ContextRun => ({ length, flags });

describe('runs of several contexts', () => {
  it('are cut wherever one of them changes', () => {
    const dirty = [run(4, 0), run(2, 1), run(2, 0)];
    const allocation = [run(5, 0n), run(3, 3n)];
    expect([...jointRuns([dirty, allocation])]).toEqual([
      { length: 4, flags: [0, 0n] },
      { length: 1, flags: [1, 0n] },
      { length: 1, flags: [1, 3n] },
      { length: 2, flags: [0, 3n] },
    ]);
  });

  it('end where the first of them does: the rest is asked for again', () => {
    expect([...jointRuns([[run(8, 0)], [run(2, 1), run(3, 2)]])]).toEqual([
      { length: 2, flags: [0, 1] },
      { length: 3, flags: [0, 2] },
    ]);
  });

  it('of one context are its own', () => {
    expect([...jointRuns([[run(8, 5), run(1, 5)]])]).toEqual([
      { length: 8, flags: [5] },
      { length: 1, flags: [5] },
    ]);
  });

  it('are none where a context told nothing, or no context was asked', () => {
    expect([...jointRuns([[run(8, 0)], []])]).toEqual([]);
    expect([...jointRuns([])]).toEqual([]);
  });
});
