import { describe, expect, it } from 'vitest';
import { FakeTimer } from '../../test/support/fake-timer.ts';
import { systemTimer } from './timer.ts';
import { withTimeout } from './with-timeout.ts';

const never = () => new Promise<never>(() => undefined);

describe('withTimeout', () => {
  it('gives the result of what comes in time, and stops its clock', async () => {
    const result = await withTimeout(() => Promise.resolve(7), 60_000, {
      operation: 'ask',
      timer: systemTimer,
    });
    expect(result).toBe(7);
  });

  it('rejects with TIMEOUT, effect unknown, and tells the call, even one that does not listen', async () => {
    const timer = new FakeTimer();
    let told: AbortSignal | undefined;
    const result = withTimeout(
      (signal) => {
        told = signal;
        return never();
      },
      1000,
      { operation: 'ask-service', timer },
    ).catch((error: unknown) => error);
    await timer.advance(999);
    expect(told?.aborted).toBe(false);
    await timer.advance(1);
    expect(await result).toMatchObject({
      code: 'TIMEOUT',
      effect: 'unknown',
      operation: 'ask-service',
      retry: 'later',
    });
    expect(told?.aborted).toBe(true);
  });

  it('rejects with ABORTED when the caller gives up, before or meanwhile', async () => {
    const cancel = new AbortController();
    const options = { operation: 'ask', timer: new FakeTimer(), signal: cancel.signal };
    const result = withTimeout(never, 1000, options);
    cancel.abort();
    await expect(result).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(withTimeout(never, 1000, options)).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('passes on the error of the call', async () => {
    const error = new Error('refused');
    const timer = new FakeTimer();
    await expect(withTimeout(() => Promise.reject(error), 10, { operation: 'ask', timer })).rejects.toBe(
      error,
    );
  });
});
