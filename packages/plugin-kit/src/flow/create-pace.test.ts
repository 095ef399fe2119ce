import { describe, expect, it } from 'vitest';
import { FakeTimer } from '../../test/support/fake-timer.ts';
import { createPace } from './create-pace.ts';

const MIB = 1024 * 1024;

/** Takes all it can get and counts. */
function taker(pace: ReturnType<typeof createPace>, signal?: AbortSignal) {
  const seen = { bytes: 0, grants: 0, error: undefined as unknown };
  const run = async (): Promise<void> => {
    for (;;) {
      seen.bytes += await pace.take(MIB, signal && { signal });
      seen.grants += 1;
    }
  };
  run().catch((error: unknown) => {
    seen.error = error;
  });
  return seen;
}

describe('createPace', () => {
  it('keeps the rate over time, whatever is asked for', async () => {
    const timer = new FakeTimer();
    const seen = taker(createPace(10 * MIB, { timer }));
    await timer.advance(10_000);
    expect(seen.bytes / (100 * MIB)).toBeCloseTo(1, 1);
  });

  it('does not save up time in which nobody asked', async () => {
    const timer = new FakeTimer();
    const pace = createPace(MIB, { timer });
    await timer.advance(60_000);
    const seen = taker(pace);
    await timer.advance(1000);
    expect(seen.bytes).toBeLessThanOrEqual(1.3 * MIB);
  });

  it('never grants more than asked for, and at least one byte', async () => {
    const pace = createPace(1, { timer: new FakeTimer() });
    expect(await pace.take(1)).toBe(1);
    expect(await createPace(null).take(7)).toBe(7);
  });

  it('shares fairly between takers', async () => {
    const timer = new FakeTimer();
    const pace = createPace(8 * MIB, { timer });
    const takers = [taker(pace), taker(pace), taker(pace), taker(pace)];
    await timer.advance(10_000);
    const bytes = takers.map((seen) => seen.bytes);
    expect(Math.max(...bytes) - Math.min(...bytes)).toBeLessThanOrEqual(MIB);
    expect(bytes.reduce((sum, count) => sum + count, 0) / (80 * MIB)).toBeCloseTo(1, 1);
  });

  it('serves those who wait at a new rate at once', async () => {
    const timer = new FakeTimer();
    const pace = createPace(1, { timer });
    const seen = taker(pace);
    await timer.advance(10_000);
    expect(seen.grants).toBe(1);
    pace.setRate(10 * MIB);
    await timer.advance(1000);
    expect(seen.bytes).toBeGreaterThan(8 * MIB);
    pace.setRate(MIB);
    const before = seen.bytes;
    await timer.advance(2000);
    expect(seen.bytes - before).toBeLessThanOrEqual(2.2 * MIB);
  });

  it('grants all at once when the limit is lifted', async () => {
    const timer = new FakeTimer();
    const pace = createPace(1, { timer });
    await pace.take(1000);
    const waiting = pace.take(512 * MIB);
    await timer.advance(10);
    pace.setRate(null);
    expect(await waiting).toBe(512 * MIB);
    expect(await pace.take(512 * MIB)).toBe(512 * MIB);
  });

  it('lets a waiter go when it is aborted, and serves the next', async () => {
    const timer = new FakeTimer();
    const pace = createPace(64 * 1024, { timer });
    await pace.take(64 * 1024);
    const cancel = new AbortController();
    const first = taker(pace, cancel.signal);
    const second = pace.take(10);
    await timer.advance(0);
    cancel.abort();
    await timer.advance(2000);
    expect(first).toMatchObject({ grants: 0, error: { code: 'ABORTED' } });
    expect(await second).toBe(10);
    await expect(pace.take(1, { signal: cancel.signal })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses a rate of %s', (rate) => {
    expect(() => createPace(rate)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
  });
});
