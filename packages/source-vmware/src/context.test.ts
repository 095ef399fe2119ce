import { type ErrorCode, SendenseError, systemRandom } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { createExclusion, GIVING_UP, whenFree } from './context.ts';

const AROUND = { random: systemRandom, log: undefined, options: { taskPatienceMinutes: 120 } };

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
  const ended = await whenFree({ timer, ...AROUND }, run).catch((error: unknown) => error);
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
    const context = { timer: { monotonicMs: () => nowMs, sleep }, ...AROUND };
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

  it('is waited for a while after a cancel, so that what it makes can be removed, and then no more', async () => {
    const sleeps: { readonly ms: number; readonly end: () => void }[] = [];
    const sleep = (ms: number): Promise<void> => new Promise((end) => void sleeps.push({ ms, end }));
    const context = { timer: { monotonicMs: () => 0, sleep }, ...AROUND };
    const caller = new AbortController();
    const told = Promise.withResolvers<AbortSignal | undefined>();
    const ended = whenFree(
      context,
      ({ signal }) => {
        told.resolve(signal);
        return new Promise((_, refuse) => {
          signal?.addEventListener('abort', () => refuse(signal.reason));
        });
      },
      { signal: caller.signal },
    );
    const signal = await told.promise;
    const why = new Error('ctrl-c');
    caller.abort(why);
    expect(signal?.aborted).toBe(false);
    expect(sleeps.map(({ ms }) => ms)).toEqual([30_000]);
    sleeps[0]?.end();
    await expect(ended).rejects.toBe(why);
  });

  it.each([
    ['as the options say', {}, 7_200_000],
    ['shortly when its caller has given up', GIVING_UP, 300_000],
  ])('may stand still %s', async (_how, patience, patienceMs) => {
    const context = { timer: { monotonicMs: () => 0, sleep: async () => undefined }, ...AROUND };
    expect(await whenFree(context, async (call) => call.patienceMs, patience)).toBe(patienceMs);
  });

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
