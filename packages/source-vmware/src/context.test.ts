import { type ErrorCode, SendenseError, systemRandom } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { createExclusion, whenFree } from './context.ts';

/** What becomes of a task that fails with each of `codes` in turn, and how often it was begun. */
async function attempted(...codes: readonly ErrorCode[]) {
  let begun = 0;
  const timer = { monotonicMs: () => 0, sleep: async () => undefined };
  const run = async (): Promise<string> => {
    const code = codes[begun];
    begun += 1;
    if (code !== undefined) throw new SendenseError(code, 'no', { operation: 'test' });
    return 'done';
  };
  const ended = await whenFree({ timer, random: systemRandom, log: undefined }, run).catch(
    (error: unknown) => error,
  );
  return { ended, begun };
}

describe('a task of a machine', () => {
  it('is begun again while another task keeps it from beginning, and not for ever', async () => {
    expect(await attempted('LOCKED', 'LOCKED')).toEqual({ ended: 'done', begun: 3 });
    const never = await attempted('LOCKED', 'LOCKED', 'LOCKED', 'LOCKED', 'LOCKED', 'LOCKED');
    expect(never).toMatchObject({ ended: { code: 'LOCKED', retry: 'exhausted' }, begun: 5 });
  });

  it('is waited for as long as a lease may hold it, where that is wanted, and not after a cancel', async () => {
    let nowMs = 0;
    const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
      signal?.throwIfAborted();
      nowMs += ms;
    };
    const context = { timer: { monotonicMs: () => nowMs, sleep }, random: systemRandom, log: undefined };
    const until = (endMs: number) => async (): Promise<string> => {
      if (nowMs >= endMs) return 'done';
      throw new SendenseError('LOCKED', 'leased', { operation: 'test' });
    };
    expect(await whenFree(context, until(300_000), { forMs: 330_000 })).toBe('done');
    expect(nowMs).toBeLessThan(330_000);
    nowMs = 0;
    await expect(whenFree(context, until(900_000), { forMs: 330_000 })).rejects.toMatchObject({
      code: 'LOCKED',
    });
    expect(nowMs).toBeLessThan(400_000);
    const cancelled = { forMs: 330_000, signal: AbortSignal.abort() };
    await expect(whenFree(context, until(nowMs + 1), cancelled)).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it.each<ErrorCode>(['CONNECTION_LOST', 'NO_SPACE', 'SNAPSHOT_FAILED'])(
    'is not begun again after %s: it may have done its work',
    async (code) => {
      expect(await attempted(code)).toMatchObject({ ended: { code }, begun: 1 });
    },
  );

  it('waits for those of the same machine only', async () => {
    const exclusively = createExclusion();
    const order: string[] = [];
    const gate = Promise.withResolvers<undefined>();
    const on = (id: string) => ({ type: 'VirtualMachine', id });
    const first = exclusively(on('vm-1'), async () => {
      await gate.promise;
      order.push('first');
    });
    const second = exclusively(on('vm-1'), async () => void order.push('second'));
    await exclusively(on('vm-2'), async () => void order.push('other'));
    gate.resolve(undefined);
    await Promise.all([first, second]);
    expect(order).toEqual(['other', 'first', 'second']);
  });
});
