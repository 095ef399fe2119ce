import { SendenseError } from '@sendense/core';
import type { Timer } from '@sendense/plugin-kit';
import { expect, it } from 'vitest';
import { endWhenIdle } from './end-when-idle.ts';

const IDLE_MS = 1000;

/** A timer whose sleeps end at once, each `ms` later. */
function skippingTimer(slept: number[]): Timer {
  let nowMs = 0;
  return {
    monotonicMs: () => nowMs,
    sleep: async (ms) => {
      slept.push(ms);
      nowMs += ms;
    },
  };
}

const never = () => expect.unreachable();

it('a mount that is read goes on for the whole time after the last read', async () => {
  const slept: number[] = [];
  const reads = [600, 600];
  let unmounted = 0;
  await endWhenIdle(
    {
      idleMs: IDLE_MS,
      lastReadMs: () => reads.shift() ?? 600,
      unmount: async () => {
        unmounted += 1;
      },
      tell: never,
    },
    new AbortController().signal,
    skippingTimer(slept),
  );
  expect({ slept, unmounted }).toEqual({ slept: [1000, 600], unmounted: 1 });
});

it('a mount that is in use stays, and is asked again after the same time', async () => {
  const slept: number[] = [];
  const answers = ['LOCKED', 'LOCKED'] as const;
  let asked = 0;
  await endWhenIdle(
    {
      idleMs: IDLE_MS,
      lastReadMs: () => 0,
      unmount: async () => {
        const code = answers[asked];
        asked += 1;
        if (code !== undefined) throw new SendenseError(code, 'in use', { operation: 'unmount-point' });
      },
      tell: never,
    },
    new AbortController().signal,
    skippingTimer(slept),
  );
  expect({ slept, asked }).toEqual({ slept: [1000, 1000, 1000], asked: 3 });
});

it('a mount that cannot be ended stays, which is told, and is asked again after the same time', async () => {
  const slept: number[] = [];
  const told: string[] = [];
  const failures = [new SendenseError('TIMEOUT', 'too slow', { operation: 'unmount-point' })];
  await endWhenIdle(
    {
      idleMs: IDLE_MS,
      lastReadMs: () => 0,
      unmount: async () => {
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
      },
      tell: ({ message }) => told.push(message),
    },
    new AbortController().signal,
    skippingTimer(slept),
  );
  expect({ slept, told }).toEqual({ slept: [1000, 1000], told: ['too slow'] });
});
