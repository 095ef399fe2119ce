import { describe, expect, it } from 'vitest';
import { zeroRuns } from './zero-runs.ts';

const bytes = (...parts: readonly [length: number, value: number][]) =>
  Buffer.concat(parts.map(([length, value]) => Buffer.alloc(length, value)));

describe('zeroRuns', () => {
  it('covers the data with alternating runs of whole pieces', () => {
    const data = bytes([4, 1], [8, 0], [4, 2], [4, 0]);
    expect([...zeroRuns(data, 4)]).toEqual([
      { start: 0, length: 4, zero: false },
      { start: 4, length: 8, zero: true },
      { start: 12, length: 4, zero: false },
      { start: 16, length: 4, zero: true },
    ]);
  });

  it('counts zeros that are not a whole piece as data', () => {
    expect([...zeroRuns(bytes([2, 1], [6, 0], [3, 0]), 4)]).toEqual([
      { start: 0, length: 4, zero: false },
      { start: 4, length: 4, zero: true },
      { start: 8, length: 3, zero: false },
    ]);
  });

  it('finds nothing in nothing', () => expect([...zeroRuns(new Uint8Array(), 4)]).toEqual([]));
});
