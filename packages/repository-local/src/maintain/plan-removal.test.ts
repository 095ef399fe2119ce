import type { PointId } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import type { PointRecord } from '../records/point-record.ts';
import { planRemoval } from './plan-removal.ts';

/** Points as `id` or `id<base`, oldest first, with one disk; `id:size` gives the disk another size. */
function records(...lines: string[]): PointRecord[] {
  return lines.map((line, sequence) => {
    const [, id = '', size = '10', base] = /^(\w+)(?::(\d+))?(?:<(\w+))?$/.exec(line) ?? [];
    return {
      id,
      sequence,
      disks: [{ id: 'd', base: base ?? null, sizeBytes: Number(size) }],
    } as unknown as PointRecord;
  });
}

function plan(points: PointRecord[], ...removed: string[]): Record<string, string | null> {
  const rewrites = planRemoval(points, new Set(removed as PointId[]));
  return Object.fromEntries(rewrites.map(({ point, onto }) => [point, [...onto.values()][0] ?? null]));
}

describe('a plan to remove points', () => {
  it('leaves alone what does not build on them', () => {
    expect(plan(records('a', 'b<a', 'c<b'), 'c')).toEqual({});
  });

  it('moves the one child down to the nearest point that stays', () => {
    expect(plan(records('a', 'b<a', 'c<b', 'd<c', 'e<d'), 'b', 'c')).toEqual({ d: 'a' });
    expect(plan(records('a', 'b<a', 'c<b'), 'a', 'b')).toEqual({ c: null });
  });

  it('lets the oldest of several children take it in and the others build on that one', () => {
    expect(plan(records('a', 'b<a', 'c<a', 'd<a'), 'a')).toEqual({ b: null, c: 'b', d: 'b' });
    expect(plan(records('a', 'b<a', 'c<b', 'd<b', 'e<a'), 'a', 'b')).toEqual({ c: null, d: 'c', e: 'c' });
  });

  it('does not build a disk on a larger one', () => {
    expect(plan(records('a', 'b:20<a', 'c:10<a', 'd:30<a'), 'a')).toEqual({ b: null, c: null, d: 'b' });
  });
});
