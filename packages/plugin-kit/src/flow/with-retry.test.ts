import { type ErrorCode, SendenseError } from '@sendense/core';
import { describe, expect, it, vi } from 'vitest';
import { FakeTimer } from '../../test/support/fake-timer.ts';
import { withRetry } from './with-retry.ts';

const error = (code: ErrorCode, details: object = {}) =>
  new SendenseError(code, `failed with ${code}`, { operation: 'call-service', ...details });

/** Random bytes that are always the largest: the longest jitter. */
const largest = { bytes: (length: number) => new Uint8Array(length).fill(255) };
const smallest = { bytes: (length: number) => new Uint8Array(length) };

function failing(times: number, code: ErrorCode = 'TIMEOUT', details: object = {}) {
  let calls = 0;
  return vi.fn<(attempt: number) => Promise<string>>((attempt) => {
    calls += 1;
    expect(attempt).toBe(calls);
    return calls <= times ? Promise.reject(error(code, details)) : Promise.resolve('done');
  });
}

describe('withRetry', () => {
  it('repeats what may work later, and gives its result', async () => {
    const timer = new FakeTimer();
    const run = failing(2);
    const result = withRetry(run, { timer });
    await timer.advance(60_000);
    expect(await result).toBe('done');
    expect(run).toHaveBeenCalledTimes(3);
  });

  it('waits twice as long each time, up to the longest wait', async () => {
    const timer = new FakeTimer();
    const result = withRetry(failing(4), { timer, random: largest, baseDelayMs: 100, maxDelayMs: 300 });
    await timer.advance(60_000);
    await result;
    expect(timer.waits).toEqual([100, 200, 300, 300]);
  });

  it('spreads the waits by the injected random numbers', async () => {
    const timer = new FakeTimer();
    const result = withRetry(failing(2), { timer, random: smallest });
    await timer.advance(0);
    await result;
    expect(timer.waits).toEqual([0, 0]);
  });

  it('never comes back before the service allows it', async () => {
    const timer = new FakeTimer();
    const result = withRetry(failing(1, 'RATE_LIMITED', { retryAfterMs: 5000 }), { timer, random: smallest });
    await timer.advance(4999);
    expect(timer.waits).toEqual([5000]);
    await timer.advance(1);
    expect(await result).toBe('done');
  });

  it('passes on at once what is not worth repeating', async () => {
    const foreign = new TypeError('x');
    await expect(withRetry(() => Promise.reject(foreign))).rejects.toBe(foreign);
    for (const thrown of [
      error('CORRUPT'),
      error('TIMEOUT', { retry: 'never' }),
      error('TIMEOUT', { retry: 'exhausted' }),
    ])
      await expect(withRetry(() => Promise.reject(thrown))).rejects.toBe(thrown);
  });

  it('gives up as exhausted after its attempts, with every cause', async () => {
    const timer = new FakeTimer();
    const run = failing(99, 'CONNECTION_LOST', { effect: 'unknown', remedy: 'check the cable' });
    const result = withRetry(run, { timer, attempts: 3 }).catch((thrown: unknown) => thrown);
    await timer.advance(60_000);
    const thrown = await result;
    expect(thrown).toMatchObject({
      code: 'CONNECTION_LOST',
      retry: 'exhausted',
      effect: 'unknown',
      operation: 'call-service',
      remedy: 'check the cable',
    });
    expect((thrown as SendenseError).causes).toHaveLength(3);
    expect(run).toHaveBeenCalledTimes(3);
  });

  it('stops waiting when it is aborted', async () => {
    const timer = new FakeTimer();
    const cancel = new AbortController();
    const run = failing(99);
    const result = withRetry(run, { timer, random: largest, signal: cancel.signal });
    await timer.advance(0);
    cancel.abort();
    await expect(result).rejects.toMatchObject({ code: 'ABORTED' });
    expect(run).toHaveBeenCalledOnce();
    await expect(withRetry(run, { signal: cancel.signal })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(run).toHaveBeenCalledOnce();
  });

  it('tells of each wait', async () => {
    const timer = new FakeTimer();
    const told: [string, number, number][] = [];
    const result = withRetry(failing(1), {
      timer,
      random: largest,
      onRetry: ({ code }, attempt, delayMs) => told.push([code, attempt, delayMs]),
    });
    await timer.advance(1000);
    await result;
    expect(told).toEqual([['TIMEOUT', 1, 200]]);
  });
});
