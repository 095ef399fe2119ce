import { describe, expect, it } from 'vitest';
import { settle } from '../../test/support/fake-timer.ts';
import { limitConcurrency } from './limit-concurrency.ts';

describe('limitConcurrency', () => {
  it('runs no more than the limit at once, in the order of asking', async () => {
    const limited = limitConcurrency(2);
    const gates = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
    const started: number[] = [];
    const results = gates.map((gate, index) =>
      limited(() => {
        started.push(index);
        return gate.promise;
      }),
    );
    await settle();
    expect(started).toEqual([0, 1]);
    gates[1]?.resolve(1);
    await settle();
    expect(started).toEqual([0, 1, 2]);
    for (const [index, gate] of gates.entries()) gate.resolve(index);
    expect(await Promise.all(results)).toEqual([0, 1, 2, 3, 4]);
  });

  it('gives the place of a failed task to the next', async () => {
    const limited = limitConcurrency(1);
    await expect(limited(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await limited(() => Promise.resolve('next'))).toBe('next');
  });

  it('lets a waiting task go when it is aborted, without starting it', async () => {
    const limited = limitConcurrency(1);
    const gate = Promise.withResolvers<string>();
    const first = limited(() => gate.promise);
    const cancel = new AbortController();
    let started = false;
    const waiting = limited(() => {
      started = true;
      return Promise.resolve();
    }, cancel.signal);
    await settle();
    cancel.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    gate.resolve('first');
    expect(await first).toBe('first');
    expect(await limited(() => Promise.resolve('third'))).toBe('third');
    expect(started).toBe(false);
  });
});
