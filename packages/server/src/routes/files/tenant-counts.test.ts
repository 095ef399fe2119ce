import { expect, it } from 'vitest';
import { TenantCounts } from './tenant-counts.ts';

it('What each tenant has under way is counted apart, and what is over is over once', () => {
  const counts = new TenantCounts();
  const [first, second] = [counts.begin('web'), counts.begin('web')];
  counts.begin(null);
  expect([counts.of('web'), counts.of(null), counts.of('db')]).toEqual([2, 1, 0]);
  first();
  first();
  expect(counts.of('web')).toBe(1);
  second();
  expect([counts.of('web'), counts.of(null)]).toEqual([0, 1]);
});
