import type { PointId } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { retainedPoints } from './retained-points.ts';

const points = (...dates: string[]) =>
  dates.map((at, index) => ({ id: String(index) as PointId, at: new Date(`${at}Z`), sequence: index + 1 }));

describe('a retention policy', () => {
  it('keeps the newest of each period that has a point, and does not count empty ones', () => {
    const year = points(
      '2024-02-28T12:00',
      '2026-01-01T00:00',
      '2026-01-01T23:59:59.999',
      '2026-01-04T23:00',
      '2026-01-05T00:00',
    );
    expect([...retainedPoints(year, { daily: 3 })]).toEqual(['4', '3', '2']);
    expect([...retainedPoints(year, { weekly: 2 })]).toEqual(['4', '3']);
    expect([...retainedPoints(year, { yearly: 5 })]).toEqual(['4', '0']);
    expect([...retainedPoints(year, { hourly: 1, monthly: 2 })]).toEqual(['4', '0']);
  });

  it('goes by sequence where the clock went back, or was wrong for one point', () => {
    const back = points('2026-03-10T10:00', '2026-03-11T10:00', '2020-01-01T00:00', '2026-03-12T10:00');
    expect([...retainedPoints(back, { last: 2 })]).toEqual(['3', '2']);
    expect([...retainedPoints(back, { daily: 3 })]).toEqual(['3', '2', '1']);
    const ahead = points('2026-03-10T10:00', '2099-01-01T00:00', '2026-03-11T10:00', '2026-03-12T10:00');
    expect([...retainedPoints(ahead, { daily: 3 })]).toEqual(['3', '2', '1']);
  });
});
