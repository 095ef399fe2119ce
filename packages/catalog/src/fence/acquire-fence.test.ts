import type { Clock } from '@sendense/core';
import { expect, it } from 'vitest';
import { errorOf } from '../../test/outcome.ts';
import { openCatalog } from '../catalog.ts';

function manualClock(): Clock & { advance(ms: number): void } {
  let nowMs = Date.parse('2026-10-04T12:00:00Z');
  return { now: () => new Date(nowMs), monotonicMs: () => nowMs, advance: (ms) => (nowMs += ms) };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await errorOf(promise)).code;
}

const request = { holder: 'host:1', ttlMs: 1000 };

it('refuses a second holder until the lease is released, and gives a larger token then', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const first = await catalog.acquireFence('machine', request);
  expect(await codeOf(catalog.acquireFence('machine', { ...request, holder: 'host:2' }))).toBe('LOCKED');
  await catalog.acquireFence('another machine', { ...request, holder: 'host:2' });
  await first[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  const second = await catalog.acquireFence('machine', { ...request, holder: 'host:2' });
  expect(second.token).toBeGreaterThan(first.token);
  expect(await codeOf(first.check())).toBe('FENCED');
  await second.check();
});

it('lets a lease lapse by the injected clock and fences its old holder', async () => {
  const clock = manualClock();
  await using catalog = await openCatalog({ path: ':memory:', clock });
  const slow = await catalog.acquireFence('machine', request);
  clock.advance(999);
  await slow.check();
  await slow.renew();
  clock.advance(999);
  await slow.check();
  clock.advance(1);
  expect(await codeOf(slow.check())).toBe('FENCED');
  expect(await codeOf(slow.renew())).toBe('FENCED');
  const next = await catalog.acquireFence('machine', { ...request, holder: 'host:2' });
  expect(await codeOf(slow.renew())).toBe('FENCED');
  await next.check();
  await slow[Symbol.asyncDispose]();
  await next.check();
});

it('takes the lease of a holder that is known to be dead at once', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const dead = await catalog.acquireFence('machine', request);
  const next = await catalog.acquireFence('machine', {
    ...request,
    holder: 'host:2',
    mayTakeFrom: (holder) => holder === 'host:1',
  });
  expect(next.token).toBe(dead.token + 1);
  expect(await codeOf(dead.check())).toBe('FENCED');
});
